package simple

import (
	"context"
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
)

// types are the app's field types and ours. Fields of any other type are left
// out: they can't be mapped.
var types = map[string]deal.Type{
	"text": deal.Text, "number": deal.Number, "boolean": deal.Bool, "date": deal.Date, "datetime": deal.Datetime,
	"picklist": deal.Picklist, "multi_picklist": deal.Multi, "currency": deal.Picklist, "owner": deal.Owner, "reference": deal.Reference,
}

type items[T any] struct {
	Items []T `json:"items"`
}

type field struct {
	Name     string             `json:"name"`
	Label    string             `json:"label"`
	Type     string             `json:"type"`
	ReadOnly bool               `json:"read_only"`
	Required bool               `json:"required"`
	Options  []connector.Option `json:"options"`
	Currency string             `json:"currency"`
}

type account struct {
	Currency   string   `json:"currency"`
	Currencies []string `json:"currencies"`
	Zone       string   `json:"time_zone"`
}

type user struct {
	ID, Name, Email string
	Active          bool
}

// Schema implements connector.Driver. There are no pipelines.
func (d *Driver) Schema(ctx context.Context, object deal.Object) (*connector.Schema, error) {
	path, err := d.path(object, "fields")
	if err != nil {
		return nil, err
	}
	fields, err := get[items[field]](ctx, d, "fields.list", path)
	if err != nil {
		return nil, fmt.Errorf("read fields of %s: %w", plurals[object], err)
	}
	acc, err := get[account](ctx, d, "account", "/v1/account")
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	users, err := get[items[user]](ctx, d, "users.list", "/v1/users")
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	s := &connector.Schema{
		Object: object, Currency: acc.Currency, Currencies: acc.Currencies, Zone: acc.Zone, ReadAt: time.Now(),
		Fields: []connector.Field{{Name: deal.PairKeyField, Label: "External key", Type: deal.Text, ReadOnly: true, Unique: true}},
	}
	for _, f := range fields.Items {
		if t := types[f.Type]; t != "" {
			s.Fields = append(s.Fields, f.field(t, acc.Currencies))
		}
	}
	for _, u := range users.Items {
		s.Owners = append(s.Owners, connector.Owner{ID: u.ID, Name: u.Name, Email: u.Email, Active: u.Active})
	}
	return s, nil
}

func (f *field) field(t deal.Type, currencies []string) connector.Field {
	out := connector.Field{
		Name: f.Name, Label: f.Label, Type: t, ReadOnly: f.ReadOnly, Required: f.Required, Options: f.Options, Currency: f.Currency,
	}
	if f.Type == "currency" {
		for _, code := range currencies {
			out.Options = append(out.Options, connector.Option{ID: code, Label: code})
		}
	}
	return out
}

func get[T any](ctx context.Context, d *Driver, op, path string) (T, error) {
	out, _, err := call[T](ctx, d, rest.Request{Call: connector.Call{Op: op}, Method: "GET", Path: path}, nil)
	return out, err
}
