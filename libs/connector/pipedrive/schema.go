package pipedrive

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// Schema implements connector.Driver. It also learns the custom fields.
func (d *Driver) Schema(ctx context.Context, object deal.Object) (*connector.Schema, error) {
	e, err := d.entity(object)
	if err != nil {
		return nil, err
	}
	shape, err := d.readShape(ctx, e)
	if err != nil {
		return nil, err
	}
	var pipelines []connector.Pipeline
	if object == deal.Deals {
		if pipelines, err = d.pipelines(ctx); err != nil {
			return nil, err
		}
	}
	c, err := d.companyFor(ctx, object)
	if err != nil {
		return nil, err
	}
	shape.currency = c.currency
	e.shape.Store(shape)
	return &connector.Schema{
		Object: object, Fields: shape.schema(), Pipelines: pipelines, Owners: c.owners,
		Currency: c.currency, Currencies: c.currencies, Zone: c.zone, ReadAt: d.now(),
	}, nil
}

func (s *shape) schema() []connector.Field {
	described := map[string]*apiField{}
	for i := range s.listed {
		described[s.listed[i].Code] = &s.listed[i]
	}
	var all []connector.Field
	for _, name := range slices.Sorted(maps.Keys(s.kind.fields)) {
		f := s.kind.fields[name]
		f.Name = name
		if api := described[name]; api != nil && !s.composed[name] {
			f.Label = cmp.Or(api.Name, f.Label)
			f.Options = api.options()
		}
		all = append(all, f)
	}
	for i := range s.listed {
		if s.listed[i].Custom {
			all = append(all, s.customFields(&s.listed[i])...)
		}
	}
	return all
}

// customFields are one field, or two for an amount with its currency.
func (s *shape) customFields(api *apiField) []connector.Field {
	f := connector.Field{Name: s.present(api.Code), Label: api.Name, Options: api.options()}
	if f.Type, f.ReadOnly = customType(api.Type); f.Type == "" {
		return nil
	}
	if api.Type != "monetary" {
		return []connector.Field{f}
	}
	f.Currency = f.Name + currencySuffix
	return []connector.Field{f, {Name: f.Currency, Label: f.Label + " (currency)", Type: deal.Picklist}}
}

func (f *apiField) options() []connector.Option {
	var all []connector.Option
	for _, o := range f.Options {
		all = append(all, connector.Option{ID: string(o.ID), Label: o.Label})
	}
	return all
}
