package pipedrive

import (
	"context"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// company is what all objects of an account share.
type company struct {
	currency, zone string
	currencies     []string
	owners         []connector.Owner
}

// companies holds what was read for one object's schema for those of the others,
// which are usually read right after it: it costs more than the fields.
type companies struct {
	mu   sync.Mutex
	held company
	at   time.Time
	told map[deal.Object]bool
}

// shareCompany is how long it serves. An object that asks again is told anew.
const shareCompany = 10 * time.Second

func (d *Driver) companyFor(ctx context.Context, object deal.Object) (company, error) {
	c := &d.company
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := d.now(); c.told == nil || c.told[object] || now.Sub(c.at) > shareCompany {
		read, err := d.readCompany(ctx)
		if err != nil {
			return company{}, err
		}
		c.held, c.at, c.told = read, now, map[deal.Object]bool{}
	}
	c.told[object] = true
	return c.held, nil
}

func (d *Driver) readCompany(ctx context.Context) (company, error) {
	me, err := call[struct {
		Currency string `json:"default_currency"`
		Zone     string `json:"timezone_name"`
	}](ctx, d, get("users.me", costMe, pathUsers+"/me", nil), nil)
	if err != nil {
		return company{}, err
	}
	c := company{currency: me.Data.Currency, zone: me.Data.Zone}
	if c.owners, err = d.owners(ctx); err != nil {
		return company{}, err
	}
	c.currencies, err = d.currencies(ctx, c.currency)
	return c, err
}

// owners are the people that records can be given to, by e-mail (R18). Without
// the scope to read users there are none.
func (d *Driver) owners(ctx context.Context) ([]connector.Owner, error) {
	users, err := call[[]struct {
		ID     scalar `json:"id"`
		Name   string `json:"name"`
		Email  string `json:"email"`
		Active bool   `json:"active_flag"`
	}](ctx, d, get("users.list", costAccount, pathUsers, nil), nil)
	if forbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]connector.Owner, 0, len(users.Data))
	for _, u := range users.Data {
		all = append(all, connector.Owner{ID: string(u.ID), Name: u.Name, Email: u.Email, Active: u.Active})
	}
	return all, nil
}

// currencies are the active ones, the account's own first.
func (d *Driver) currencies(ctx context.Context, own string) ([]string, error) {
	listed, err := call[[]struct {
		Code   string `json:"code"`
		Active bool   `json:"active_flag"`
	}](ctx, d, get("currencies.list", costAccount, pathCurrencies, nil), nil)
	if forbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []string
	for _, c := range listed.Data {
		if c.Active && c.Code != own {
			all = append(all, c.Code)
		}
	}
	if own != "" {
		all = append([]string{own}, all...)
	}
	return all, nil
}
