package bench

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// population is what both apps hold before their first sync. Records are
// numbered across both: those of HubSpot from 1 on, those of Pipedrive from one
// half later on for contacts and companies, so that half of them are in both
// apps and have to be paired, and behind HubSpot's for deals, which are never
// paired. A contact belongs to a company, and a deal to both.
type population struct {
	// Deals, contacts and companies of each app; even numbers.
	deals, contacts, companies int
}

// check wants numbers that can be halved, and halves that fit each other.
func (p population) check() error {
	for _, n := range []int{p.deals, p.contacts, p.companies} {
		if n%2 != 0 || n < 0 {
			return fmt.Errorf("deals, contacts and companies must be even numbers")
		}
	}
	if p.deals > 0 && (p.companies == 0 || p.contacts == 0 || p.contacts%p.companies != 0) {
		return fmt.Errorf("deals need companies, and contacts as many to each")
	}
	return nil
}

// own are a side's own records of an object, by number: from first on, count of
// them.
func (p population) own(side int, object string) (first, count int) {
	switch object {
	case companies:
		return 1 + side*p.companies/2, p.companies
	case contacts:
		return 1 + side*p.contacts/2, p.contacts
	default:
		return 1 + side*p.deals, p.deals
	}
}

// total is the number of records that each app has in the end.
func (p population) total(object string) int {
	first, count := p.own(app, object)
	return first + count - 1
}

// segment is one of three equal parts of contacts and companies: those that only
// HubSpot has, those of both, those that only Pipedrive has. Records of a segment
// are associated with those of the same one.
func (p population) company(contact int) int {
	half := p.companies / 2
	return (contact-1)/(p.contacts/2)*half + 1 + (contact-1)%half
}

// contact of a deal: HubSpot's deals go through HubSpot's contacts, one half of
// them after the other, and so do Pipedrive's.
func (p population) contact(deal int) int {
	side := (deal - 1) / p.deals
	half := ((deal - 1) % p.deals) / (p.deals / 2)
	return (side+half)*p.contacts/2 + 1 + (deal-1)%(p.contacts/2)
}

// Names of the objects, as HubSpot's double has them.
const (
	companies = "companies"
	contacts  = "contacts"
	deals     = "deals"
)

// objects in the order in which they are made.
var objects = []string{companies, contacts, deals}

// named are the doubles' names of the objects, by side.
var named = [2]map[string]string{
	{companies: companies, contacts: contacts, deals: deals},
	{companies: "organizations", contacts: "persons", deals: deals},
}

// keyOf is what a record of a number is told by: unique in its object.
func keyOf(object string, number int) string { return fmt.Sprintf(keys[object], strconv.Itoa(number)) }

var keys = map[string]string{companies: "c%s.example", contacts: "p%s@people.example", deals: "Order %s"}

// numberOf reads the number out of a key; 0: it is none of ours.
func numberOf(object, key string) int {
	before, after, _ := strings.Cut(keys[object], "%s")
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(key, before), after))
	if err != nil || keyOf(object, n) != key {
		return 0
	}
	return n
}

// seed makes the population in both doubles, without webhooks.
func (p population) seed(ctx context.Context, crm [2]crm) error {
	// Long ago, so that no poll finds them.
	seeded := time.Now().Add(-30 * 24 * time.Hour).UnixMilli()
	for side := range crm {
		ids := map[string]int64{} // of the first record of each object
		for _, object := range objects {
			// Each half is a segment of its own.
			for half := range 2 {
				first, count := p.own(side, object)
				body := map[string]any{
					"count": count / 2, "start": first + half*count/2, "silent": true, "fields": seedFields(side, object), "at": seeded,
				}
				links := map[string]cycle{}
				if object == deals {
					links[contacts] = cycle{ids[contacts] + int64(half*p.contacts/2), p.contacts / 2}
				}
				if object != companies {
					links[companies] = cycle{ids[companies] + int64(half*p.companies/2), p.companies / 2}
				}
				body["associate"] = links
				if side == app {
					delete(body, "associate")
					body["cycle"] = map[string]cycle{}
					for to, c := range links {
						body["cycle"].(map[string]cycle)[reference[to]] = c //nolint:forcetypeassert // made above
					}
				}
				var made struct {
					IDs []int64 `json:"ids"`
				}
				if err := call(ctx, http.MethodPost, crm[side].url+"/_sandbox/records/"+named[side][object]+"/bulk", body, &made); err != nil {
					return fmt.Errorf("seed %s: %w", object, err)
				}
				if half == 0 {
					ids[object] = made.IDs[0]
				}
			}
		}
	}
	return nil
}

// cycle gives record n the id first + (n-1) mod count.
type cycle struct {
	First int64 `json:"first"`
	Count int   `json:"count"`
}

// reference is Pipedrive's field for an association.
var reference = map[string]string{contacts: "person_id", companies: "org_id"}

func seedFields(side int, object string) map[string]any {
	key := fmt.Sprintf(keys[object], "{{n}}")
	switch {
	case object == companies && side == hub:
		return map[string]any{"name": "Company {{n}}", "domain": key}
	case object == companies:
		return map[string]any{"name": "Company {{n}}", "website": "https://www." + key}
	case object == contacts && side == hub:
		return map[string]any{"email": key, "firstname": "Ann", "lastname": "Number {{n}}"}
	case object == contacts:
		return map[string]any{"name": "Ann Number {{n}}", "emails": []any{map[string]any{"value": key, "primary": true}}}
	case side == hub:
		return map[string]any{"dealname": key, "dealstage": "appointmentscheduled", "amount": "{{n}}"}
	default:
		return map[string]any{"title": key, "value": "{{n}}"}
	}
}
