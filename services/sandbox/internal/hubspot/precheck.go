package hubspot

import (
	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

// precheck finds the first bad row before anything is written, since without
// trace ids a batch is created whole or not at all.
func (c *call) precheck(o *object, rows []recordInput) *apiError {
	claims := claimed{}
	for i := range rows {
		vals, err := c.p.validate(o, c.edit(wire.Map(rows[i].Properties)), nil)
		if err != nil {
			return err
		}
		if _, err := c.p.checkLinks(o, rows[i].Associations); err != nil {
			return err
		}
		if err := claims.add(c.p, o, vals, 0); err != nil {
			return err
		}
	}
	return nil
}

// precheckUpdates does the same for updates; ids that do not exist are reported later.
func (c *call) precheckUpdates(o *object, rows []recordInput) *apiError {
	claims := claimed{}
	for i := range rows {
		old, err := c.find(o, string(rows[i].ID), rows[i].IDProperty, false)
		if err != nil && err.status != 404 {
			return err
		}
		vals, err := c.p.validate(o, c.edit(wire.Map(rows[i].Properties)), old)
		if err != nil {
			return err
		}
		var id int64
		if old != nil {
			id = old.ID
		}
		if err := claims.add(c.p, o, vals, id); err != nil {
			return err
		}
	}
	return nil
}

// claimed are the unique values that the rows of a batch so far ask for.
type claimed map[[2]string]bool

// add refuses a value that another record, or another row, has. id is the
// record that the row is about, 0 for a new one.
func (cl claimed) add(p *Portal, o *object, vals map[string]string, id int64) *apiError {
	for name, v := range vals {
		if v == "" || !o.prop(name).HasUniqueValue {
			continue
		}
		r, _ := o.table.ByUnique(name, v)
		if r != nil && r.ID == id {
			continue
		}
		if key := [2]string{name, v}; r != nil || cl[key] {
			taken := &crm.TakenError{Field: name, Value: v, ID: id}
			if r != nil {
				taken.Existing = r.ID
			}
			return p.storeError(o, taken)
		}
		cl[[2]string{name, v}] = true
	}
	return nil
}
