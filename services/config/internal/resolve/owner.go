package resolve

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// owners maps users by e-mail address, and checks who stands for the others
// (R18).
func (r *resolver) owners(path string, written document.Field, line *configv1.FieldLine, hubspot, app *connector.Field) {
	both := hubspot.Type == deal.Owner && app.Type == deal.Owner
	line.Owners = ownerLines(line, r.HubSpot.Owners, r.App.Owners)
	d := written.DefaultOwner
	switch {
	case d == nil:
	case !both:
		r.fail(path+".defaultOwner", "not_an_owner", "%s.defaultOwner: HubSpot's %s is %s, %s's %s is %s; only two owner fields have one",
			path, hubspot.Name, typed(hubspot), r.title, app.Name, typed(app))
	default:
		line.DefaultHubspotOwner = r.owner(path+".defaultOwner.hubspot", "HubSpot", r.HubSpot.Owners, d.HubSpot)
		line.DefaultAppOwner = r.owner(path+".defaultOwner.app", r.title, r.App.Owners, d.App)
	}
}

// owner finds an active user by id or e-mail address.
func (r *resolver) owner(path, title string, owners []connector.Owner, written string) string {
	if written == "" {
		return ""
	}
	var shown []string
	for _, o := range owners {
		named := o.ID == written || strings.EqualFold(o.Email, written)
		switch {
		case named && o.Active:
			return o.ID
		case o.Active:
			shown = append(shown, labelled(o.ID, o.Email))
		}
	}
	r.fail(path, "unknown_owner", "%s: %s has no active user with the id or e-mail address %q; %s", path, title, written, exists("", shown, shown))
	return ""
}

// ownerLines pairs the active users of both sides that have the same e-mail
// address, whatever its case. A user without a counterpart stands alone, so that
// the address is known to people and to texts.
func ownerLines(line *configv1.FieldLine, hubspot, app []connector.Owner) []*configv1.OwnerLine {
	byEmail, paired := map[string][]string{}, map[string]bool{}
	for _, o := range app {
		if key := address(o); key != "" && line.GetApp().GetType() == string(deal.Owner) {
			byEmail[key] = append(byEmail[key], o.ID)
		}
	}
	var lines []*configv1.OwnerLine
	for _, o := range hubspot {
		key := address(o)
		if key == "" || line.GetHubspot().GetType() != string(deal.Owner) {
			continue
		}
		for _, id := range byEmail[key] {
			lines = append(lines, &configv1.OwnerLine{Hubspot: o.ID, App: id, Email: key})
		}
		if paired[key] = true; len(byEmail[key]) == 0 {
			lines = append(lines, &configv1.OwnerLine{Hubspot: o.ID, Email: key})
		}
	}
	for key, ids := range byEmail {
		for _, id := range ids {
			if !paired[key] {
				lines = append(lines, &configv1.OwnerLine{App: id, Email: key})
			}
		}
	}
	slices.SortFunc(lines, func(a, b *configv1.OwnerLine) int {
		return cmp.Or(cmp.Compare(a.GetEmail(), b.GetEmail()), cmp.Compare(a.GetHubspot(), b.GetHubspot()), cmp.Compare(a.GetApp(), b.GetApp()))
	})
	return lines
}

// address is what a user is known by, "" for one that is not active.
func address(o connector.Owner) string {
	if !o.Active {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(o.Email))
}

// Renewed is a resolved sync with the owners and currencies that the accounts
// have now, and whether they are others than before. What an account does not
// tell any more stays as it was: it is a permission that went, not the users.
func Renewed(sync *configv1.Sync, hubspot, app *connector.Schema) (*configv1.Sync, bool) {
	next := proto.CloneOf(sync)
	if len(hubspot.Owners) > 0 && len(app.Owners) > 0 {
		for _, line := range next.GetFields() {
			line.Owners = ownerLines(line, hubspot.Owners, app.Owners)
		}
	}
	keep := func(to *string, list *[]string, now string, all []string) {
		if now != "" {
			*to = now
		}
		if len(all) > 0 {
			*list = all
		}
	}
	keep(&next.HubspotCurrency, &next.HubspotCurrencies, hubspot.Currency, hubspot.Currencies)
	keep(&next.AppCurrency, &next.AppCurrencies, app.Currency, app.Currencies)
	return next, !proto.Equal(next, sync)
}

// HasOwners reports whether a line is about owners.
func HasOwners(line *configv1.FieldLine) bool {
	return line.GetHubspot().GetType() == string(deal.Owner) || line.GetApp().GetType() == string(deal.Owner)
}
