package pipedrive

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Schema implements connector.Driver. It also learns the custom fields.
func (d *Driver) Schema(ctx context.Context, object deal.Object) (*connector.Schema, error) {
	if err := supported(object); err != nil {
		return nil, err
	}
	shape, err := d.readShape(ctx)
	if err != nil {
		return nil, err
	}
	pipelines, err := d.pipelines(ctx)
	if err != nil {
		return nil, err
	}
	me, err := call[struct {
		Currency string `json:"default_currency"`
	}](ctx, d, get("users.me", costMe, pathUsers+"/me", nil), nil)
	if err != nil {
		return nil, err
	}
	owners, err := d.owners(ctx)
	if err != nil {
		return nil, err
	}
	shape.currency = me.Data.Currency
	d.shape.Store(shape)
	return &connector.Schema{
		Object: object, Fields: shape.schema(owners), Pipelines: pipelines,
		Currency: me.Data.Currency, ReadAt: d.now(),
	}, nil
}

func (s *shape) schema(owners []connector.Option) []connector.Field {
	described := map[string]*apiField{}
	for i := range s.fields {
		described[s.fields[i].Code] = &s.fields[i]
	}
	var all []connector.Field
	for _, name := range slices.Sorted(maps.Keys(standard)) {
		f := standard[name]
		f.Name = name
		if api := described[name]; api != nil {
			f.Label = cmp.Or(api.Name, f.Label)
			f.Options = api.options()
		}
		if f.Type == deal.Owner {
			f.Options = owners
		}
		all = append(all, f)
	}
	for i := range s.fields {
		if s.fields[i].Custom {
			all = append(all, s.customFields(&s.fields[i], owners)...)
		}
	}
	return all
}

// customFields are one field, or two for an amount with its currency.
func (s *shape) customFields(api *apiField, owners []connector.Option) []connector.Field {
	f := connector.Field{Name: s.present(api.Code), Label: api.Name, Type: customType(api.Type), Options: api.options()}
	switch f.Type {
	case "":
		return nil
	case deal.Owner:
		f.Options = owners
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

// pipelines have their stages and, as two more, won and lost: Pipedrive keeps
// those as a status beside the stage.
func (d *Driver) pipelines(ctx context.Context) ([]connector.Pipeline, error) {
	type plan struct {
		ID       scalar `json:"id"`
		Pipeline scalar `json:"pipeline_id"`
		Name     string `json:"name"`
		Order    int    `json:"order_nr"`
		Deleted  bool   `json:"is_deleted"`
	}
	byOrder := func(a, b plan) int { return cmp.Compare(a.Order, b.Order) }
	pipelines, err := pages[plan](ctx, d, "pipelines.list", costPlan, pathPipelines)
	if err != nil {
		return nil, err
	}
	stages, err := pages[plan](ctx, d, "stages.list", costPlan, pathStages)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(pipelines, byOrder)
	slices.SortStableFunc(stages, byOrder)
	var all []connector.Pipeline
	for _, p := range pipelines {
		if p.Deleted {
			continue
		}
		id := string(p.ID)
		out := connector.Pipeline{ID: id, Label: p.Name}
		for _, s := range stages {
			if s.Pipeline == p.ID && !s.Deleted {
				out.Stages = append(out.Stages, connector.Stage{ID: id + "/" + string(s.ID), Label: s.Name})
			}
		}
		out.Stages = append(out.Stages,
			connector.Stage{ID: id + "/won", Label: "Won", Closed: true, Won: true},
			connector.Stage{ID: id + "/lost", Label: "Lost", Closed: true})
		all = append(all, out)
	}
	return all, nil
}

// owners are the people that deals can be given to, by e-mail (R18). Without
// the scope to read users there are none.
func (d *Driver) owners(ctx context.Context) ([]connector.Option, error) {
	users, err := call[[]struct {
		ID     scalar `json:"id"`
		Email  string `json:"email"`
		Active bool   `json:"active_flag"`
	}](ctx, d, get("users.list", costUsers, pathUsers, nil), nil)
	if fault.Is(err, fault.Auth) || fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []connector.Option
	for _, u := range users.Data {
		if u.Active {
			all = append(all, connector.Option{ID: string(u.ID), Label: u.Email})
		}
	}
	return all, nil
}
