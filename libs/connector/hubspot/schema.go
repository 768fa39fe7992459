package hubspot

import (
	"context"
	"net/http"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

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
// What the account does not let us see is left out: pipelines, owners.
func (d *Driver) Schema(ctx context.Context, object deal.Object) (*connector.Schema, error) {
	s, err := d.shape(object)
	if err != nil {
		return nil, err
	}
	var properties struct {
		Results []property `json:"results"`
	}
	if err := d.call(ctx, "properties.list", http.MethodGet, d.paths.properties+s.plural, nil, nil, &properties); err != nil {
		return nil, err
	}
	out := &connector.Schema{Object: object, ReadAt: d.now()}
	if s.piped {
		if out.Pipelines, err = d.pipelines(ctx, s); err != nil && !forbidden(err) {
			return nil, err
		}
	}
	if err := d.account(ctx, out, properties.Results); err != nil {
		return nil, err
	}
	if out.Owners, err = d.owners(ctx); err != nil {
		return nil, err
	}
	people := ownerOptions(out.Owners)
	for i := range properties.Results {
		if p := &properties.Results[i]; !p.Archived && !bookkeeping(p.Name) {
			out.Fields = append(out.Fields, p.field(s.kind, people))
		}
	}
	for _, to := range s.links {
		out.Fields = append(out.Fields, connector.Field{
			Name: linkField(to), Label: "Associated " + kindByObject(to).plural, Type: deal.Reference, ReadOnly: true,
		})
	}
	s.learn(properties.Results)
	return out, nil
}

func (p *property) field(k *kind, owners []connector.Option) connector.Field {
	f := connector.Field{
		Name: p.Name, Label: p.Label, Type: p.dealType(), ReadOnly: p.Calculated || p.Modification.ReadOnlyValue,
		Required: slices.Contains(k.required, p.Name), Unique: p.HasUniqueValue || slices.Contains(k.unique, p.Name),
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
