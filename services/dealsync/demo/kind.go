package demo

import (
	"regexp"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
)

// kind is an object that syncs, in the words of both accounts.
type kind struct {
	object  deal.Object
	one     string
	records [2]string // of the doubles' control APIs, by index of side
	// mark tells two dumps alone which records belong together, whatever Dealsync
	// says of them; "" for records that are none of the demo's.
	mark func(s deal.Side, r *record) string
	// title is a record's name.
	title func(s deal.Side, r *record) string
}

var (
	companies = &kind{deal.Companies, "company", [2]string{"companies", "organizations"}, companyMark, companyName}
	contacts  = &kind{deal.Contacts, "contact", [2]string{"contacts", "persons"}, contactMark, contactMark}
	deals     = &kind{deal.Deals, "deal", [2]string{"deals", "deals"}, dealMark, dealTitle}
)

// kinds are all of them, parents first.
var kinds = []*kind{companies, contacts, deals}

// many is the word for several.
func (k *kind) many() string { return k.records[0] }

// on is the word of an account for the kind's records.
func (k *kind) on(s deal.Side) string { return k.records[index(s)] }

// kindOf finds the kind of an object; nil when there is none.
func kindOf(object string) *kind {
	for _, k := range kinds {
		if string(k.object) == object {
			return k
		}
	}
	return nil
}

// tie is an association that the demo's objects have: many in HubSpot, one in
// a field of the app.
type tie struct {
	from, to *kind
	app      string
}

var ties = []tie{{contacts, companies, "org_id"}, {deals, contacts, "person_id"}, {deals, companies, "org_id"}}

// in are the records that one is associated with in an account.
func (t *tie) in(s deal.Side, r *record) []string {
	if s == deal.HubSpot {
		return r.Associations[t.to.on(s)]
	}
	if id := string(r.Fields[t.app]); id != "" {
		return []string{id}
	}
	return nil
}

// The demo ends every name that it gives a deal with a mark of its own, such as
// "(H-017)": H for deals born in HubSpot, A for those born in the app. Whatever
// happens to a deal, its mark stays.
var markOf = regexp.MustCompile(`\(([HA]-\d+)\)$`)

func dealMark(s deal.Side, r *record) string {
	if m := markOf.FindStringSubmatch(dealTitle(s, r)); m != nil {
		return m[1]
	}
	return ""
}

func dealTitle(s deal.Side, r *record) string {
	if s == deal.HubSpot {
		return string(r.Fields["dealname"])
	}
	return string(r.Fields["title"])
}

// contactMark is an e-mail address: the demo gives none twice, but where it
// wants to, and the script changes none.
func contactMark(_ deal.Side, r *record) string { return strings.ToLower(string(r.Fields["email"])) }

// companyMark is a domain, or the name of a company that has none.
func companyMark(s deal.Side, r *record) string {
	if d := string(r.Fields["domain"]); d != "" {
		return d
	}
	return companyName(s, r)
}

func companyName(_ deal.Side, r *record) string { return string(r.Fields["name"]) }
