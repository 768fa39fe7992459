package connector

import (
	"context"

	"github.com/dealsync/dealsync/libs/deal"
)

// canonical brings values into the canonical form of their fields' types, in
// place. A field that the schema does not know is left as it is: text. A blank
// stays blank, a blank currency too: what it stands for is a sync's matter.
func (c *Connector) canonical(ctx context.Context, schema *Schema, fields deal.Fields) {
	types, odd := schema.types(), 0
	for name, v := range fields {
		t := types[name]
		if v == "" || t == "" || t == deal.Text {
			continue
		}
		canon, ok := deal.Canonical(t, v)
		if !ok {
			odd++
			continue
		}
		if canon != v {
			fields[name] = canon
		}
	}
	c.add(ctx, c.meters.odd, odd)
}

// strange reports whether a field appears that the schema does not know: the
// account has got a new one. Names that a fresh schema does not know either are
// remembered, so that they cost one refresh and not one each time.
func (h *heldSchema) strange(schema *Schema, fields deal.Fields) bool {
	types := schema.types()
	for name := range fields {
		if _, known := types[name]; known {
			continue
		}
		h.mu.Lock()
		ignored := h.ignored[name]
		h.mu.Unlock()
		if !ignored {
			return true
		}
	}
	return false
}

// ignore remembers the fields that schema does not know.
func (h *heldSchema) ignore(schema *Schema, fields deal.Fields) {
	types := schema.types()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ignored == nil {
		h.ignored = map[string]bool{}
	}
	for name := range fields {
		if _, known := types[name]; !known {
			h.ignored[name] = true
		}
	}
}

func (c *Connector) canonicalRecords(ctx context.Context, schema *Schema, records []Record) {
	for i := range records {
		c.canonical(ctx, schema, records[i].Fields)
	}
}

// types is the type of each field by name, made once.
func (s *Schema) types() map[string]deal.Type {
	s.once.Do(func() {
		s.byName = make(map[string]deal.Type, len(s.Fields))
		for i := range s.Fields {
			s.byName[s.Fields[i].Name] = s.Fields[i].Type
		}
	})
	return s.byName
}
