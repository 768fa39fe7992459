package pipedrive

import (
	"context"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// apiField is one field as the API describes it.
type apiField struct {
	Name    string `json:"field_name"`
	Code    string `json:"field_code"`
	Type    string `json:"field_type"`
	Custom  bool   `json:"is_custom_field"`
	Options []struct {
		ID    scalar `json:"id"`
		Label string `json:"label"`
	} `json:"options"`
}

// shape is what the driver must know of a kind's fields in an account.
type shape struct {
	*kind
	// pairCode is the field_code of the pair key field; "" until it is made.
	pairCode string
	// custom are the field types by field_code.
	custom map[string]string
	listed []apiField
	// currency is the account's own; "" until the schema was read.
	currency string
}

// present is the name that a field_code is presented under.
func (s *shape) present(code string) string {
	if code == s.pairCode {
		return deal.PairKeyField
	}
	return code
}

// loadShape reads the fields and keeps what the driver needs of them.
func (d *Driver) loadShape(ctx context.Context, e *entity) (*shape, error) {
	s, err := d.readShape(ctx, e)
	if err != nil {
		return nil, err
	}
	if held := e.shape.Load(); held != nil {
		s.currency = held.currency
	}
	e.shape.Store(s)
	return s, nil
}

func (d *Driver) readShape(ctx context.Context, e *entity) (*shape, error) {
	fields, err := pages[apiField](ctx, d, e.name+"_fields.list", costList, e.fieldsPath())
	if err != nil {
		return nil, err
	}
	s := &shape{kind: e.kind, custom: map[string]string{}, listed: fields}
	for i := range fields {
		f := &fields[i]
		if !f.Custom {
			continue
		}
		s.custom[f.Code] = f.Type
		// Two replicas may have made it at once: all choose the same one.
		if f.Name == deal.PairKeyField && (s.pairCode == "" || strings.Compare(f.Code, s.pairCode) < 0) {
			s.pairCode = f.Code
		}
	}
	return s, nil
}

// knownShape is the shape held, once it has the pair key's field: any replica
// may make that, and without its code records look as if they had no pair.
func (d *Driver) knownShape(ctx context.Context, e *entity) (*shape, error) {
	if s := e.shape.Load(); s != nil && s.pairCode != "" {
		return s, nil
	}
	return d.loadShape(ctx, e)
}
