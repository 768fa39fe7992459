package hubspot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Provision implements connector.Driver: it makes the unique property that
// creates are idempotent by. Whether it is unique can only be said when a
// property is made, so one that is not is refused.
func (d *Driver) Provision(ctx context.Context, object deal.Object) error {
	s, err := d.shape(object)
	if err != nil || s.hasKey() {
		return err
	}
	found, err := d.findKey(ctx, s)
	if fault.Is(err, fault.NotFound) {
		err = d.call(ctx, "properties.create", http.MethodPost, d.paths.properties+s.plural, nil, map[string]any{
			"groupName": s.group, "name": deal.PairKeyField, "label": "Dealsync pair",
			"description": "Links this " + string(s.object) + " to its counterpart. Managed by Dealsync; please don't edit.",
			"type":        "string", "fieldType": "text", "hasUniqueValue": true,
		}, &found)
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Rejected) {
			// Somebody else may have made it meanwhile.
			if again, err2 := d.findKey(ctx, s); err2 == nil {
				found, err = again, nil
			}
		}
	}
	if err != nil {
		return fmt.Errorf("provision property %s: %w", deal.PairKeyField, err)
	}
	if !found.HasUniqueValue {
		return fault.New(fault.Rejected, "key_not_unique",
			"%s property %s exists but does not require unique values; delete it, so that it can be made anew", s.object, deal.PairKeyField)
	}
	s.setKey(true)
	return nil
}

// keyLost knows that somebody has removed the property since we saw it. The
// next try makes it anew.
func keyLost(err error) bool {
	e, ok := asAPIError(err)
	if !ok {
		return false
	}
	return slices.Contains(e.properties(), deal.PairKeyField) && e.code() == "property_doesnt_exist" ||
		strings.Contains(e.Message, "non-unique") && strings.Contains(e.Message, deal.PairKeyField)
}

func (d *Driver) findKey(ctx context.Context, s *shape) (p property, err error) {
	err = d.call(ctx, "properties.get", http.MethodGet, d.paths.properties+s.plural+"/"+deal.PairKeyField, nil, nil, &p)
	return p, err
}
