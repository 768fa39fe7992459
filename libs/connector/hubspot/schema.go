package hubspot

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// defaults are the deal properties that are read and subscribed to without
// being asked for. Custom properties come beside them.
var defaults = []string{
	"dealname", "amount", "deal_currency_code", "pipeline", "dealstage", "closedate",
	"hubspot_owner_id", "dealtype", "description", "hs_priority", "hs_next_step",
	"closed_lost_reason", "closed_won_reason", "createdate", deal.PairKeyField,
}

type property struct {
	Name           string `json:"name"`
	Label          string `json:"label"`
	Type           string `json:"type"`
	FieldType      string `json:"fieldType"`
	Calculated     bool   `json:"calculated"`
	HasUniqueValue bool   `json:"hasUniqueValue"`
	HubspotDefined bool   `json:"hubspotDefined"`
	Archived       bool   `json:"archived"`
	Referenced     string `json:"referencedObjectType"`
	Options        []struct {
		Label string `json:"label"`
		Value string `json:"value"`
	} `json:"options"`
	Modification struct {
		ReadOnlyValue bool `json:"readOnlyValue"`
	} `json:"modificationMetadata"`
}

// Schema implements connector.Driver. It also learns which properties to read.
func (d *Driver) Schema(ctx context.Context, object deal.Object) (*connector.Schema, error) {
	if err := supported(object); err != nil {
		return nil, err
	}
	var properties struct {
		Results []property `json:"results"`
	}
	if err := d.call(ctx, "properties.list", http.MethodGet, d.paths.properties, nil, nil, &properties); err != nil {
		return nil, err
	}
	pipelines, err := d.pipelines(ctx)
	if err != nil {
		return nil, err
	}
	var account struct {
		Currency string `json:"companyCurrency"`
	}
	if err := d.call(ctx, "account", http.MethodGet, d.paths.account, nil, nil, &account); err != nil {
		return nil, err
	}
	owners, err := d.owners(ctx)
	if err != nil {
		return nil, err
	}
	s := &connector.Schema{Object: object, Pipelines: pipelines, Currency: account.Currency, ReadAt: d.now()}
	for i := range properties.Results {
		if p := &properties.Results[i]; !p.Archived && !bookkeeping(p.Name) {
			s.Fields = append(s.Fields, p.field(owners))
		}
	}
	d.learn(properties.Results)
	return s, nil
}

func (p *property) field(owners []connector.Option) connector.Field {
	f := connector.Field{
		Name: p.Name, Label: p.Label, Type: p.dealType(),
		ReadOnly: p.Calculated || p.Modification.ReadOnlyValue, Unique: p.HasUniqueValue,
	}
	if f.Type == deal.Owner {
		f.Options = owners
		return f
	}
	for _, o := range p.Options {
		f.Options = append(f.Options, connector.Option{ID: o.Value, Label: o.Label})
	}
	if p.Name == "amount" {
		f.Currency = "deal_currency_code"
	}
	return f
}

// dealType is the property's type in our terms (PROP: fieldType is "date" for
// date and datetime alike, so type decides).
func (p *property) dealType() deal.Type {
	switch {
	case p.Name == "dealstage":
		return deal.Stage
	case p.Name == "hubspot_owner_id" || p.Referenced == "OWNER":
		return deal.Owner
	}
	switch p.Type {
	case "number":
		return deal.Number
	case "date":
		return deal.Date
	case "datetime":
		return deal.Datetime
	case "bool":
		return deal.Bool
	case "enumeration":
		switch p.FieldType {
		case "checkbox":
			return deal.Multi
		case "booleancheckbox":
			return deal.Bool
		}
		return deal.Picklist
	default:
		return deal.Text
	}
}

func (d *Driver) learn(properties []property) {
	var custom []string
	readOnly, known := map[string]bool{}, map[string]bool{}
	keyed := false
	for i := range properties {
		p := &properties[i]
		if p.Archived {
			continue
		}
		known[p.Name] = true
		readOnly[p.Name] = p.Calculated || p.Modification.ReadOnlyValue
		if !p.HubspotDefined && p.Name != deal.PairKeyField && !slices.Contains(defaults, p.Name) {
			custom = append(custom, p.Name)
		}
		keyed = keyed || p.Name == deal.PairKeyField && p.HasUniqueValue
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.custom, d.readOnly, d.known, d.keyed = custom, readOnly, known, d.keyed || keyed
}

// wanted are the properties to read: the defaults, the custom ones and what the
// account's syncs ask for. HubSpot leaves unknown names out of its answers.
func (d *Driver) wanted() []string {
	d.mu.RLock()
	names := slices.Concat(defaults, d.custom)
	d.mu.RUnlock()
	for _, name := range d.extra(deal.Deals) {
		if !bookkeeping(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

type pipeline struct {
	ID       string  `json:"id"`
	Label    string  `json:"label"`
	Order    int     `json:"displayOrder"`
	Archived bool    `json:"archived"`
	Stages   []stage `json:"stages"`
}

type stage struct {
	ID       string            `json:"id"`
	Label    string            `json:"label"`
	Order    int               `json:"displayOrder"`
	Archived bool              `json:"archived"`
	Metadata map[string]string `json:"metadata"`
}

func (d *Driver) pipelines(ctx context.Context) ([]connector.Pipeline, error) {
	var answer struct {
		Results []pipeline `json:"results"`
	}
	if err := d.call(ctx, "pipelines.list", http.MethodGet, d.paths.pipelines, nil, nil, &answer); err != nil {
		return nil, err
	}
	slices.SortStableFunc(answer.Results, func(a, b pipeline) int { return cmp.Compare(a.Order, b.Order) })
	var all []connector.Pipeline
	for _, p := range answer.Results {
		if p.Archived {
			continue
		}
		out := connector.Pipeline{ID: p.ID, Label: p.Label}
		slices.SortStableFunc(p.Stages, func(a, b stage) int { return cmp.Compare(a.Order, b.Order) })
		for _, st := range p.Stages {
			if !st.Archived {
				out.Stages = append(out.Stages, st.stage())
			}
		}
		all = append(all, out)
	}
	return all, nil
}

// stage: metadata values are text; a probability of 1 means won, one of 0
// means lost.
func (s stage) stage() connector.Stage {
	probability, err := strconv.ParseFloat(s.Metadata["probability"], 64)
	won := err == nil && probability == 1
	closed := s.Metadata["isClosed"] == "true" || won || err == nil && probability == 0
	return connector.Stage{ID: s.ID, Label: s.Label, Closed: closed, Won: won}
}

// owners are the people that deals can be assigned to, by e-mail (R18). An
// account that does not let us see them has none.
func (d *Driver) owners(ctx context.Context) ([]connector.Option, error) {
	var all []connector.Option
	query := url.Values{"limit": {"100"}}
	for {
		var page struct {
			Results []struct {
				ID    string `json:"id"`
				Email string `json:"email"`
			} `json:"results"`
			Paging paging `json:"paging"`
		}
		err := d.call(ctx, "owners.list", http.MethodGet, d.paths.owners, query, nil, &page)
		if fault.Is(err, fault.Auth) || fault.Is(err, fault.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, o := range page.Results {
			all = append(all, connector.Option{ID: o.ID, Label: o.Email})
		}
		if page.Paging.Next.After == "" {
			return all, nil
		}
		query.Set("after", page.Paging.Next.After)
	}
}
