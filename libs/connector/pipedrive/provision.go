package pipedrive

import (
	"context"
	"fmt"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Provision implements connector.Driver: it makes the custom field that carries
// the pair key. Its code differs in every account and for every object; the name
// is how it is found.
func (d *Driver) Provision(ctx context.Context, object deal.Object) error {
	e, err := d.entity(object)
	if err != nil {
		return err
	}
	_, err = d.keyedShape(ctx, e)
	return err
}

func (d *Driver) keyedShape(ctx context.Context, e *entity) (*shape, error) {
	if s := e.shape.Load(); s != nil && s.pairCode != "" {
		return s, nil
	}
	s, err := d.loadShape(ctx, e)
	if err != nil || s.pairCode != "" {
		return s, err
	}
	_, err = call[apiField](ctx, d, rest.Request{
		Call: connector.Call{Op: e.name + "_fields.create", Cost: costWrite}, Method: "POST", Path: e.fieldsPath(),
	}, map[string]string{"field_name": deal.PairKeyField, "field_type": "varchar"})
	if err != nil {
		return nil, fmt.Errorf("provision field %s of %ss: %w", deal.PairKeyField, e.name, err)
	}
	if s, err = d.loadShape(ctx, e); err != nil {
		return nil, err
	}
	if s.pairCode == "" {
		return nil, fault.New(fault.Transient, "not_listed_yet", "field %s was made and is not listed yet", deal.PairKeyField)
	}
	return s, nil
}
