package mapping

import "github.com/dealsync/dealsync/libs/deal"

// pairing is a map between the values of two sides, for each side its values by
// the other's. Where several lines have one value, the first counts.
type pairing struct{ to [3]map[string]string }

func newPairing(lines []Option) pairing {
	p := pairing{[3]map[string]string{deal.HubSpot: {}, deal.App: {}}}
	for _, l := range lines {
		if l.HubSpot == "" || l.App == "" {
			continue
		}
		if _, taken := p.to[deal.App][l.HubSpot]; !taken {
			p.to[deal.App][l.HubSpot] = l.App
		}
		if _, taken := p.to[deal.HubSpot][l.App]; !taken {
			p.to[deal.HubSpot][l.App] = l.HubSpot
		}
	}
	return p
}

// Tangled finds a line both of whose ends have other lines too. With such a line
// what a value means depends on the way it came, so it would not come back as
// it went: settings should not have one. ok is false when there is none.
func Tangled(lines []Option) (tangled Option, ok bool) {
	hubspot, app, seen := map[string]int{}, map[string]int{}, map[Option]bool{}
	for _, l := range lines {
		if !seen[l] {
			seen[l] = true
			hubspot[l.HubSpot]++
			app[l.App]++
		}
	}
	for _, l := range lines {
		if hubspot[l.HubSpot] > 1 && app[l.App] > 1 {
			return l, true
		}
	}
	return Option{}, false
}

// options translates a picklist option by option.
func (l *Line) options(from deal.Side) translation {
	if len(l.Options) == 0 {
		return func(v string) (string, string) { return v, "" }
	}
	there, to := newPairing(l.Options).to[from.Other()], from.Other()
	return func(v string) (string, string) {
		if option, ok := there[v]; ok {
			return option, ""
		}
		return "", reason(OptionNotMapped, "option %q of %s is mapped to no option of %s: add it to the options of the field mapping",
			v, whose(from, l.field(from).Name), whose(to, l.field(to).Name))
	}
}

// owners translates a user into the one with the same e-mail address, else into
// the default owner (R18).
func (l *Line) owners(from deal.Side) translation {
	lines := make([]Option, len(l.Owners))
	for i, o := range l.Owners {
		lines[i] = Option{o.HubSpot, o.App}
	}
	to := from.Other()
	there, emails, other := newPairing(lines).to[to], l.emails(from), l.defaultOwner(to)
	return func(v string) (string, string) {
		if owner, ok := there[v]; ok {
			return owner, ""
		}
		if other != "" {
			return other, ""
		}
		who := ""
		if email := emails[v]; email != "" {
			who = " (" + email + ")"
		}
		return "", reason(OwnerUnknown, "owner %q%s of %s has no user with the same e-mail address in %s: add one there, or set a default owner in the field mapping",
			v, who, whose(from, l.field(from).Name), sideName(to))
	}
}

// emails are the addresses of a side's users, where they are known.
func (l *Line) emails(side deal.Side) map[string]string {
	known := map[string]string{}
	for _, o := range l.Owners {
		id := o.App
		if side == deal.HubSpot {
			id = o.HubSpot
		}
		if id != "" && o.Email != "" {
			known[id] = o.Email
		}
	}
	return known
}
