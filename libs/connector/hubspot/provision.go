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
	if err := supported(object); err != nil {
		return err
	}
	d.mu.RLock()
	keyed := d.keyed
	d.mu.RUnlock()
	if keyed {
		return nil
	}
	found, err := d.findKey(ctx)
	if fault.Is(err, fault.NotFound) {
		err = d.call(ctx, "properties.create", http.MethodPost, d.paths.properties, nil, map[string]any{
			"groupName": "dealinformation", "name": deal.PairKeyField, "label": "Dealsync pair",
			"description": "Links this deal to its counterpart. Managed by Dealsync; please don't edit.",
			"type":        "string", "fieldType": "text", "hasUniqueValue": true,
		}, &found)
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Rejected) {
			// Somebody else may have made it meanwhile.
			if again, err2 := d.findKey(ctx); err2 == nil {
				found, err = again, nil
			}
		}
	}
	if err != nil {
		return fmt.Errorf("provision property %s: %w", deal.PairKeyField, err)
	}
	if !found.HasUniqueValue {
		return fault.New(fault.Rejected, "key_not_unique",
			"deal property %s exists but does not require unique values; delete it, so that it can be made anew", deal.PairKeyField)
	}
	d.mu.Lock()
	d.keyed = true
	d.mu.Unlock()
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

func (d *Driver) forgetKey() {
	d.mu.Lock()
	d.keyed = false
	d.mu.Unlock()
}

func (d *Driver) findKey(ctx context.Context) (p property, err error) {
	err = d.call(ctx, "properties.get", http.MethodGet, d.paths.properties+"/"+deal.PairKeyField, nil, nil, &p)
	return p, err
}
