package hubspot

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/fault"
)

// propCurrency is the property that holds the currency of a deal's amount.
const propCurrency = "deal_currency_code"

// account adds the account's currencies and time zone (account-information). An
// account that does not list its further currencies has those that deals may
// have.
func (d *Driver) account(ctx context.Context, s *connector.Schema, properties []property) error {
	var account struct {
		Currency   string   `json:"companyCurrency"`
		Additional []string `json:"additionalCurrencies"`
		Zone       string   `json:"timeZone"`
	}
	if err := d.call(ctx, "account", http.MethodGet, d.paths.account, nil, nil, &account); err != nil {
		return err
	}
	s.Currency, s.Zone = account.Currency, account.Zone
	if account.Additional == nil {
		account.Additional = currencyOptions(properties)
	}
	for _, code := range slices.Concat([]string{account.Currency}, account.Additional) {
		if code != "" && !slices.Contains(s.Currencies, code) {
			s.Currencies = append(s.Currencies, code)
		}
	}
	return nil
}

func currencyOptions(properties []property) (codes []string) {
	for i := range properties {
		if p := &properties[i]; p.Name == propCurrency {
			for _, o := range p.Options {
				codes = append(codes, o.Value)
			}
		}
	}
	return codes
}

// owners are the people that records can be assigned to, by e-mail (R18), and
// those that have left: their records still name them. An account that does not
// let us see them has none.
func (d *Driver) owners(ctx context.Context) ([]connector.Owner, error) {
	active, err := d.ownerList(ctx, false)
	if forbidden(err) || fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	archived, err := d.ownerList(ctx, true)
	if err != nil {
		return nil, err
	}
	return append(active, archived...), nil
}

func (d *Driver) ownerList(ctx context.Context, archived bool) ([]connector.Owner, error) {
	var all []connector.Owner
	query := url.Values{"limit": {"100"}}
	if archived {
		query.Set("archived", "true")
	}
	for {
		var page struct {
			Results []struct {
				ID    string `json:"id"`
				Email string `json:"email"`
				First string `json:"firstName"`
				Last  string `json:"lastName"`
			} `json:"results"`
			Paging paging `json:"paging"`
		}
		if err := d.call(ctx, "owners.list", http.MethodGet, d.paths.owners, query, nil, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Results {
			name := strings.TrimSpace(o.First + " " + o.Last)
			if name == "" {
				name = o.Email
			}
			all = append(all, connector.Owner{ID: o.ID, Name: name, Email: o.Email, Active: !archived})
		}
		if page.Paging.Next.After == "" {
			return all, nil
		}
		query.Set("after", page.Paging.Next.After)
	}
}

// ownerOptions are what an owner field can be set to.
func ownerOptions(owners []connector.Owner) []connector.Option {
	var all []connector.Option
	for _, o := range owners {
		if o.Active {
			all = append(all, connector.Option{ID: o.ID, Label: o.Email})
		}
	}
	return all
}
