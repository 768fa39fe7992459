package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// withParents adds syncs of contacts and companies to the deals' one.
func withParents(s *spec) { s.Parents = parents }

// associated waits until HubSpot's record has just these associations.
func (x *tenant) associated(id int64, object string, others ...int64) {
	x.t.Helper()
	slices.Sort(others)
	x.eventually(fmt.Sprintf("%s %d is associated with %s %v", x.hubspot.object, id, object, others), func() error {
		has := slices.Sorted(slices.Values(x.hubspot.show(id).Associations[object]))
		if !slices.Equal(has, others) {
			return errorf("it has %v", has)
		}
		return nil
	})
}

// links counts the associations that we made, by the two objects.
func (c *crm) links() map[string]int {
	c.t.Helper()
	made := map[string]int{}
	for objects, deeds := range c.stats().Objects {
		if strings.Contains(objects, "/") && deeds["associated"]+deeds["dissociated"] > 0 {
			made[objects] = deeds["associated"]
			if deeds["dissociated"] > 0 {
				c.t.Errorf("we removed %d associations of %s", deeds["dissociated"], objects)
			}
		}
	}
	return made
}

// wantLinks says which associations we must have made, each of them once.
func (x *tenant) wantLinks(hubspot, app map[string]int) {
	x.t.Helper()
	if h, a := x.hubspot.links(), x.pipedrive.links(); !maps.Equal(h, hubspot) || !maps.Equal(a, app) {
		x.t.Errorf("associations made in HubSpot %v and in the app %v; want %v and %v", h, a, hubspot, app)
	}
}

// family is a deal with its contact and company, in both apps.
type family struct{ deal, contact, company, appDeal, person, org int64 }

// together waits until all three are associated with each other on both sides.
func (x *tenant) together(f family) {
	x.t.Helper()
	contacts := x.of("contact")
	x.associated(f.deal, "contacts", f.contact)
	x.associated(f.deal, "companies", f.company)
	contacts.associated(f.contact, "companies", f.company)
	x.holds(x.pipedrive, f.appDeal, fields{"person_id": f.person, "org_id": f.org})
	x.holds(contacts.pipedrive, f.person, fields{"org_id": f.org})
}

// inHubSpot makes a deal with its contact and company there.
func (x *tenant) inHubSpot(name string, opts ...option) (f family) {
	x.t.Helper()
	f.company = x.of("company").hubspot.create(fields{"name": name, "domain": strings.ToLower(name) + ".example"}, opts...)
	contact, _ := person(strings.ToLower(name)+"@x.example", name, "", "1")
	f.contact = x.of("contact").hubspot.create(contact, append(opts, with("companies", f.company))...)
	f.deal = x.hubspot.create(fields{"dealname": name, "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"},
		append(opts, with("contacts", f.contact), with("companies", f.company))...)
	return f
}

// inApp makes a deal with its person and organization there.
func (x *tenant) inApp(name string, opts ...option) (f family) {
	x.t.Helper()
	f.org = x.of("company").pipedrive.create(fields{"name": name, "website": "https://" + strings.ToLower(name) + ".example"}, opts...)
	_, p := person(strings.ToLower(name)+"@x.example", name, "", "1")
	p["org_id"] = f.org
	f.person = x.of("contact").pipedrive.create(p, opts...)
	f.appDeal = x.pipedrive.create(fields{"title": name, "value": 1, "stage_id": 2, "person_id": f.person, "org_id": f.org}, opts...)
	return f
}

// with makes a record of HubSpot's with an association.
func with(object string, id int64) option {
	return func(body map[string]any) {
		list, _ := body["associations"].([]map[string]any)
		body["associations"] = append(list, map[string]any{"object": object, "id": id})
	}
}

// crossed waits until the whole family has its counterparts.
func (x *tenant) crossed(f family) family {
	x.t.Helper()
	contacts, companies := x.of("contact"), x.of("company")
	if f.contact != 0 { // it was born in HubSpot
		f.appDeal, f.person, f.org = x.counterpart(f.deal), contacts.counterpart(f.contact), companies.counterpart(f.company)
	} else {
		f.deal, f.contact, f.company = x.counterpart(f.appDeal), contacts.counterpart(f.person), companies.counterpart(f.org)
	}
	return f
}

// R16: associations between records that sync are made on the other side: those
// of existing records and of new ones, from either side, each of them once.
func TestR16_AssociationsCrossBothWays(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := prepare(t, in, nil)
		withParents(&x.spec)
		all := []family{x.inHubSpot("OldHub", ago(time.Hour)), x.inApp("OldApp", ago(time.Hour))}
		x.apply()
		x.connected()
		for i, f := range all {
			all[i] = x.crossed(f)
			x.together(all[i])
		}
		for _, f := range []family{x.inHubSpot("NewHub"), x.inApp("NewApp")} {
			all = append(all, x.crossed(f))
			x.together(all[len(all)-1])
		}
		x.settled()
		hubspot := map[string]int{"deals/contacts": 2, "deals/companies": 2, "contacts/companies": 2}
		app := map[string]int{"deals/persons": 2, "deals/organizations": 2, "persons/organizations": 2}
		x.wantLinks(hubspot, app)

		calls := func() int { return x.hubspot.stats().changing() + x.pipedrive.stats().changing() }
		before := calls()
		for _, sync := range []string{"companies", "contacts", "deals"} {
			x.cli.do(nil, "backfill", sync)
		}
		x.connected()
		x.settled()
		if again := calls(); again != before {
			t.Errorf("reading everything again made %d calls that change something", again-before)
		}
		x.wantLinks(hubspot, app)
		for _, f := range all {
			x.together(f)
		}
	})
}

// changing counts the calls that may have changed a record or an association.
func (s stats) changing() int {
	n := 0
	for _, call := range s.Calls {
		method, route, _ := strings.Cut(call.Route, " ")
		if method == "GET" || strings.HasSuffix(route, "/search") || strings.HasSuffix(route, "/read") || strings.Contains(route, "webhooks") {
			continue
		}
		n += call.Count
	}
	return n
}

// R16: what is associated later crosses too.
func TestR16_AnAssociationMadeLaterCrosses(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, withParents, nil)
		contacts, companies := x.of("contact"), x.of("company")
		deal := x.hubspot.create(fields{"dealname": "Alone", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		contact, _ := person("ann@x.example", "Ann", "", "1")
		f := family{deal: deal, contact: contacts.hubspot.create(contact), company: companies.hubspot.create(fields{"name": "Acme", "domain": "acme.example"})}
		f = x.crossed(f)
		x.hubspot.associate(f.deal, "contacts", f.contact)
		x.holds(x.pipedrive, f.appDeal, fields{"person_id": f.person})
		x.pipedrive.edit(f.appDeal, fields{"org_id": f.org})
		x.associated(f.deal, "companies", f.company)
		contacts.pipedrive.edit(f.person, fields{"org_id": f.org})
		contacts.associated(f.contact, "companies", f.company)
		x.together(f)
		x.settled()
		x.wantLinks(map[string]int{"deals/companies": 1, "contacts/companies": 1}, map[string]int{"deals/persons": 1})
		var told []string
		for _, e := range x.told(f.deal, "associated") {
			told = append(told, e.Side+" "+e.Value)
		}
		if want := []string{"SIDE_APP contact " + text(f.person), "SIDE_HUBSPOT company " + text(f.company)}; !slices.Equal(told, want) {
			t.Errorf("the journal tells %q, want %q", told, want)
		}
	})
}

// R16: a deal whose contact is not paired yet gets the association when it is.
func TestR16_AParentPairedLaterIsAssociatedThen(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		t.Run("a contact that was held", func(t *testing.T) {
			t.Parallel()
			var contact, free, twin int64
			x := newTenant(t, in, withParents, func(h, a *crm) {
				inHubSpot, inApp := person("info@x.example", "Info", "", "1")
				contact = h.of("contacts").create(inHubSpot, ago(time.Hour))
				free, twin = a.of("persons").create(inApp, ago(time.Hour)), a.of("persons").create(inApp, ago(time.Hour))
			})
			contacts := x.of("contact")
			contacts.becomes(contact, "failing: ambiguous_match")
			deal := x.hubspot.create(fields{"dealname": "Early", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, with("contacts", contact))
			late := x.pipedrive.create(fields{"title": "Late", "value": 1, "stage_id": 2, "person_id": twin})
			app, hubspot := x.counterpart(deal), x.counterpart(late)
			x.settled()
			x.wantLinks(map[string]int{}, map[string]int{})
			contacts.pipedrive.edit(twin, fields{"emails": mail("twin@x.example")})
			x.holds(x.pipedrive, app, fields{"person_id": free})
			x.associated(hubspot, "contacts", contacts.counterpart(twin))
			x.settled()
			x.wantLinks(map[string]int{"deals/contacts": 1}, map[string]int{"deals/persons": 1})
		})
		t.Run("contacts and companies that sync from now on", func(t *testing.T) {
			t.Parallel()
			x := newTenant(t, in, nil, nil)
			hubspot, app := x.inHubSpot("Hub"), x.inApp("App")
			hubspot.appDeal, app.deal = x.counterpart(hubspot.deal), x.counterpart(app.appDeal)
			x.settled()
			x.wantLinks(nil, nil)
			withParents(&x.spec)
			x.apply()
			x.connected()
			x.together(x.crossed(hubspot))
			x.together(x.crossed(app))
			x.settled()
			x.wantLinks(map[string]int{"deals/contacts": 1, "deals/companies": 1, "contacts/companies": 1},
				map[string]int{"deals/persons": 1, "deals/organizations": 1, "persons/organizations": 1})
		})
	})
}

// R16: an app that keeps one contact per deal keeps the one it has.
func TestR16_ASingleSlotIsNotOverwritten(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, withParents, nil)
		contacts := x.of("contact")
		var ids, persons []int64
		for _, name := range []string{"Ann", "Bob", "Cem"} {
			contact, _ := person(name+"@x.example", name, "", "1")
			ids = append(ids, contacts.hubspot.create(contact))
			persons = append(persons, contacts.counterpart(ids[len(ids)-1]))
		}
		deal := x.hubspot.create(fields{"dealname": "Many", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, with("contacts", ids[0]))
		app := x.counterpart(deal)
		x.holds(x.pipedrive, app, fields{"person_id": persons[0]})
		x.hubspot.associate(deal, "contacts", ids[1])
		x.eventually("the journal tells what the app has no room for", func() error {
			told := x.told(deal, "not_associated")
			if len(told) != 1 || told[0].Reason != "slot_taken" || told[0].Value != "contact "+text(persons[1]) {
				return errorf("%+v", told)
			}
			return nil
		})
		x.becomes(deal, "in_sync") // that is no failure
		x.holds(x.pipedrive, app, fields{"person_id": persons[0]})

		// Who changes the app's one adds to HubSpot's several.
		x.pipedrive.edit(app, fields{"person_id": persons[2]})
		x.associated(deal, "contacts", ids...)
		x.sentinel()
		x.settled()
		x.holds(x.pipedrive, app, fields{"person_id": persons[2]})
		x.wantLinks(map[string]int{"deals/contacts": 1}, map[string]int{"deals/persons": 1})
	})
}

// R16: taking an association away is not carried over, and not undone.
func TestR16_RemovingIsNotCarriedOver(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, withParents, nil)
		one, two := x.crossed(x.inHubSpot("One")), x.crossed(x.inHubSpot("Two"))
		x.together(one)
		x.together(two)
		x.settled()
		x.hubspot.dissociate(one.deal, "contacts", one.contact)
		x.pipedrive.edit(two.appDeal, fields{"person_id": nil})
		x.of("contact").pipedrive.edit(two.person, fields{"org_id": nil})
		x.sentinel()
		// Edits of either side do not bring them back.
		x.hubspot.edit(one.deal, fields{"dealname": "One, edited"}, at(time.Now().Add(time.Second)))
		x.pipedrive.edit(two.appDeal, fields{"title": "Two, edited"}, at(time.Now().Add(time.Second)))
		x.holds(x.pipedrive, one.appDeal, fields{"title": "One, edited", "person_id": one.person})
		x.eventually("the other edit is settled", func() error {
			if got := x.hubspot.show(two.deal).Fields["dealname"]; got != x.pipedrive.show(two.appDeal).Fields["title"] {
				return errorf("%q", got)
			}
			return nil
		})
		x.cli.do(nil, "backfill", "deals")
		x.connected()
		x.settled()
		x.associated(one.deal, "contacts")
		x.associated(two.deal, "contacts", two.contact)
		x.of("contact").associated(two.contact, "companies", two.company)
		x.holds(x.pipedrive, two.appDeal, fields{"person_id": ""})
		x.wantLinks(map[string]int{}, map[string]int{"deals/persons": 2, "deals/organizations": 2, "persons/organizations": 2})
	})
}

// R16: whoever sets a sync up sees which associations it will make.
func TestR16_DescribeSyncListsTheAssociations(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)
		lines := func(sync string) (found []string) {
			a := x.cli.run("", "describe", "sync", sync)
			if a.code != 0 {
				t.Fatalf("describe sync: exit code %d: %s", a.code, a.err)
			}
			_, table, _ := strings.Cut(a.out, "ASSOCIATED WITH")
			for line := range strings.Lines(table) {
				found = append(found, strings.Join(strings.Fields(line), " "))
			}
			return found
		}
		if got := lines("deals"); got != nil {
			t.Errorf("without other syncs: %q", got)
		}
		withParents(&x.spec)
		x.apply()
		for sync, want := range map[string][]string{
			"deals":     {"contact contact, several person, one contacts", "company company, several organization, one companies"},
			"contacts":  {"company company, several organization, one companies"},
			"companies": {},
		} {
			got := lines(sync)
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("%s: %q is not in %q", sync, line, got)
				}
			}
		}
	})
}

// R16, N2: duplicated webhooks and kills double no association, and lose none.
func TestR16_KillsAndDuplicatesUnderLoadMakeEachAssociationOnce(t *testing.T) {
	t.Parallel()
	const n = 24
	in := alone(t, startSeparate)
	x := newTenant(t, in, withParents, nil)
	for _, c := range []*crm{x.hubspot, x.pipedrive} {
		c.put("/delivery", map[string]any{"duplicate_rate": 1.0, "shuffle": true, "jitter_ms": 100})
	}
	x.hubspot.fault(map[string]any{"method": "POST", "path": "/crm/", "mode": "commit_timeout", "hold_ms": 50, "rate": 0.2, "count": 8})
	x.pipedrive.fault(map[string]any{"method": "PATCH", "path": "/api/v2/deals", "mode": "commit_timeout", "hold_ms": 50, "rate": 0.2, "count": 8})
	victims := []string{"writer", "conflict-resolver", "mapper", "change-detector"}
	var all []family
	for i := range n {
		if i%2 == 0 {
			all = append(all, x.inHubSpot(fmt.Sprint("Hub", i)))
		} else {
			all = append(all, x.inApp(fmt.Sprint("App", i)))
		}
		if i%3 == 2 {
			of := in.of(victims[i/3%len(victims)])
			if err := of[i/12%len(of)].restart(); err != nil {
				t.Fatal(err)
			}
		}
	}
	in.awaitReady(t)
	for _, f := range all {
		x.together(x.crossed(f))
	}
	x.settled()
	for _, v := range []*tenant{x, x.of("contact"), x.of("company")} {
		if h, a := len(v.hubspot.dump()), len(v.pipedrive.dump()); h != n || a != n {
			t.Errorf("%d %s and %d %s; want %d", h, v.hubspot.object, a, v.pipedrive.object, n)
		}
	}
	x.wantLinks(map[string]int{"deals/contacts": n / 2, "deals/companies": n / 2, "contacts/companies": n / 2},
		map[string]int{"deals/persons": n / 2, "deals/organizations": n / 2, "persons/organizations": n / 2})
}
