package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// R17: deletions are not carried over, a survivor's edit does not bring the
// deleted deal back, a restore resumes the pair; closing is carried.
func TestR17_DeletionsStayAndRestoresResume(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, func(s *spec) { s.Window = "10ms" }, nil)
		for _, c := range []struct {
			name, state       string
			deleted, survivor *crm
			inApp             bool
		}{
			{"in HubSpot", "excluded: deleted_in_hubspot", x.hubspot, x.pipedrive, false},
			{"in the app", "excluded: deleted_in_app", x.pipedrive, x.hubspot, true},
		} {
			t.Run(c.name, func(t *testing.T) {
				x := x.as(t)
				hubspot := x.hubspot.create(fields{"dealname": "Deleted " + c.name, "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"})
				app := x.counterpart(hubspot)
				x.becomes(hubspot, "in_sync")
				gone, left, field := hubspot, app, "title"
				if c.inApp {
					gone, left, field = app, hubspot, "dealname"
				}
				deals := len(c.deleted.dump())
				c.deleted.remove(gone)
				x.becomes(left, c.state)
				if c.survivor.show(left).Deleted {
					t.Error("the deletion was carried over")
				}
				c.survivor.edit(left, fields{field: "Edited " + c.name})
				x.sentinel()
				if now := len(c.deleted.dump()) - x.sentinels; now != deals {
					t.Errorf("the survivor's edit made a deal: %d, were %d", now, deals)
				}
				if !c.deleted.show(gone).Deleted {
					t.Error("the survivor's edit brought the deal back")
				}
				c.deleted.restore(gone)
				x.becomes(left, "in_sync")
				x.holds(x.hubspot, hubspot, fields{"dealname": "Edited " + c.name})
				x.holds(x.pipedrive, app, fields{"title": "Edited " + c.name})
			})
		}
		t.Run("closing is carried by mapped stages", func(t *testing.T) {
			x := x.as(t)
			hubspot := x.hubspot.create(fields{"dealname": "Closing", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"})
			app := x.counterpart(hubspot)
			x.hubspot.do(hubspot, "won", "")
			x.holds(x.pipedrive, app, fields{"status": "won"})
			x.pipedrive.do(app, "reopen", "")
			x.holds(x.hubspot, hubspot, fields{"dealstage": "qualifiedtobuy"})
			x.pipedrive.do(app, "lost", "")
			x.holds(x.hubspot, hubspot, fields{"dealstage": "closedlost"})
		})
	})
}

// R17 holds for contacts and companies as it does for deals.
func TestR17_DeletedContactsAndCompaniesStayDeleted(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		all := newTenant(t, in, func(s *spec) { s.Window, s.NoDeals, s.Parents = "10ms", true, parents }, nil)
		for _, object := range []string{"contact", "company"} {
			for _, inApp := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, in the app %v", object, inApp), func(t *testing.T) {
					x := all.as(t).of(object)
					name := fmt.Sprintf("%s%v", object, inApp)
					before, first, edited := fields{"name": name, "domain": name + ".example"}, "name", "name"
					if object == "contact" {
						before, _ = person(name+"@x.example", name, "", "1")
						first = "firstname"
					}
					hubspot := x.hubspot.create(before)
					app := x.counterpart(hubspot)
					x.becomes(hubspot, "in_sync")
					deleted, survivor, gone, left, field, state := x.hubspot, x.pipedrive, hubspot, app, edited, "excluded: deleted_in_hubspot"
					if inApp {
						deleted, survivor, gone, left, field, state = x.pipedrive, x.hubspot, app, hubspot, first, "excluded: deleted_in_app"
					}
					deleted.remove(gone)
					x.becomes(left, state)
					survivor.edit(left, fields{field: "Edited"})
					x.settled()
					if !deleted.show(gone).Deleted || survivor.show(left).Deleted || len(x.hubspot.dump()) != len(x.pipedrive.dump()) {
						t.Error("the deletion did not stay where it was made")
					}
					deleted.restore(gone)
					x.becomes(left, "in_sync")
					x.holds(x.hubspot, hubspot, fields{first: "Edited"})
					x.holds(x.pipedrive, app, fields{"name": "Edited"})
				})
			}
		}
	})
}

// deal makes a deal with a name in HubSpot, and gives it with its counterpart.
func (x *tenant) deal(name string) (hubspot, app int64) {
	x.t.Helper()
	hubspot = x.hubspot.create(fields{"dealname": name, "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
	app = x.counterpart(hubspot)
	x.becomes(hubspot, "in_sync")
	return hubspot, app
}

// R17: of two pairs that a merge brings onto one record, the survivor's goes on;
// the other is a tombstone that names it, and its counterpart is left alone.
func TestR17_AMergeOfTwoPairedRecordsIsSettledByRule(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		for _, inApp := range []bool{false, true} {
			t.Run(fmt.Sprintf("in the app %v", inApp), func(t *testing.T) {
				t.Parallel()
				x := newTenant(t, in, nil, nil)
				x.hubspot.put("/settings", map[string]any{"merge_makes_new": false})
				keptHubSpot, keptApp := x.deal("Kept")
				goneHubSpot, goneApp := x.deal("Gone")
				kept, _ := x.cli.pairOf(keptHubSpot)
				x.settled()
				merging, other, survivor, absorbed, alone, state, name := x.hubspot, x.pipedrive, keptHubSpot, goneHubSpot, goneApp, "excluded: merged_in_hubspot", "title"
				if inApp {
					merging, other, survivor, absorbed, alone, state, name = x.pipedrive, x.hubspot, keptApp, goneApp, goneHubSpot, "excluded: merged_in_app", "dealname"
				}
				merging.merge(survivor, absorbed)
				p := x.becomes(alone, state)
				side := p.Pair.HubSpot
				if inApp {
					side = p.Pair.App
				}
				if !strings.Contains(side.Detail, text(survivor)) || !strings.Contains(side.Detail, kept.ID) {
					t.Errorf("%q does not name record %d and pair %s", side.Detail, survivor, kept.ID)
				}
				told := x.told(alone, "merged")
				if len(told) != 1 || told[0].Reason != "survivor_keeps_its_pair" || told[0].Rival != kept.ID {
					t.Errorf("the journal tells %+v", told)
				}
				if a := x.cli.run("", "describe", "pair", p.ID); a.code != 0 || !strings.Contains(a.out, state[len("excluded: "):]) || !strings.Contains(a.out, kept.ID) {
					t.Errorf("describe pair: exit code %d: %s%s", a.code, a.out, a.err)
				}
				if a := x.cli.run("", "get", "pairs"); !strings.Contains(a.out, "merged_in_") {
					t.Errorf("get pairs: %s", a.out)
				}

				// The counterpart's edits go nowhere, those of the survivor to its own.
				other.edit(alone, fields{name: "Left alone"})
				x.hubspot.edit(keptHubSpot, fields{"dealname": "Survives"}, at(time.Now().Add(time.Second)))
				x.hold(keptHubSpot, keptApp, "Survives")
				x.settled()
				x.becomes(keptHubSpot, "in_sync")
				x.becomes(alone, state)
				if r := other.show(alone); r.Deleted || r.Fields[name] != "Left alone" {
					t.Errorf("the counterpart was touched: %v", r.Fields)
				}
				if h, a := len(x.hubspot.dump()), len(x.pipedrive.dump()); h != 2 || a != 2 {
					t.Errorf("%d deals in HubSpot and %d in the app", h, a)
				}
			})
		}
	})
}

// R17: a pair moves to the record that its own was merged into.
func TestR17_APairMovesToTheSurvivorOfAMerge(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		for direction, inApp := range map[string]bool{"to_hubspot": false, "to_app": true} {
			t.Run(direction, func(t *testing.T) {
				t.Parallel()
				// What only the receiving side has is in no pair.
				x := newTenant(t, in, func(s *spec) { s.Direction = direction }, nil)
				x.hubspot.put("/settings", map[string]any{"merge_makes_new": false})
				hubspotDeal := fields{"dealname": "Source", "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}
				appDeal := fields{"title": "Source", "value": 1, "stage_id": 2}
				var source, moved, survivor int64
				from, to, name, theirs := x.pipedrive, x.hubspot, "title", "dealname"
				if inApp {
					from, to, name, theirs = x.hubspot, x.pipedrive, "dealname", "title"
					source, survivor = from.create(hubspotDeal, ago(time.Hour)), to.create(appDeal, ago(time.Hour))
				} else {
					source, survivor = from.create(appDeal, ago(time.Hour)), to.create(hubspotDeal, ago(time.Hour))
				}
				moved = x.counterpart(source)
				x.becomes(source, "in_sync")
				before, _ := x.cli.pairOf(source)
				x.settled()
				to.merge(survivor, moved)
				x.eventually("the pair has the survivor", func() error {
					if other := x.counterpart(source); other != survivor {
						return errorf("it has %d", other)
					}
					return nil
				})
				from.edit(source, fields{name: "Edited after the merge"})
				x.holds(to, survivor, fields{theirs: "Edited after the merge"})
				if p := x.becomes(source, "in_sync"); p.ID != before.ID {
					t.Errorf("the pair was %s and is %s", before.ID, p.ID)
				}
				if told := x.told(source, "merged"); len(told) != 1 || told[0].Value != text(moved) {
					t.Errorf("the journal tells %+v", told)
				}
				x.settled()
				if n := len(to.dump()); n != 2 {
					t.Errorf("%d deals where the merge was", n)
				}
			})
		}
	})
}

// R17: a HubSpot merge of deals may leave a new record: one of the two pairs
// goes on with it, the other is settled by the rule.
func TestR17_AMergeThatMakesANewDeal(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)
		x.hubspot.put("/settings", map[string]any{"merge_makes_new": true})
		oneHubSpot, one := x.deal("One")
		twoHubSpot, two := x.deal("Two")
		x.settled()
		result := x.hubspot.merge(oneHubSpot, twoHubSpot)
		if result == oneHubSpot || result == twoHubSpot {
			t.Fatalf("the merge has left %d", result)
		}
		left := x.counterpart(result)
		if left != one && left != two {
			t.Fatalf("deal %d is paired with %d, want %d or %d", result, left, one, two)
		}
		x.becomes(one+two-left, "excluded: merged_in_hubspot")
		x.hubspot.edit(result, fields{"dealname": "New"})
		x.holds(x.pipedrive, left, fields{"title": "New"})
		x.becomes(result, "in_sync")
		x.settled()
		if a := len(x.pipedrive.dump()); a != 2 {
			t.Errorf("%d deals in the app, want 2", a)
		}
	})
}

// R17 with R15: who merges a duplicate of a contact that HubSpot would not take
// twice settles it, whichever of the two remains.
func TestR17_MergingADuplicateSettlesIt(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		for _, keepFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("the first remains %v", keepFirst), func(t *testing.T) {
				t.Parallel()
				x := newTenant(t, in, func(s *spec) {
					s.NoDeals, s.Parents = true, []parent{{Object: "contact"}}
				}, nil).of("contact")
				_, p := person("ann@x.example", "Ann", "Lee", "1")
				first := x.pipedrive.create(p, ago(time.Hour))
				hubspot := x.counterpart(first)
				x.becomes(first, "in_sync")
				second := x.pipedrive.create(p, ago(time.Hour))
				x.becomes(second, "failing: already_exists")
				survivor, other := first, second
				if !keepFirst {
					survivor, other = second, first
				}
				x.pipedrive.merge(survivor, other)
				x.eventually("the survivor is paired with HubSpot's contact", func() error {
					if p, ok := x.cli.pairOf(hubspot); !ok || p.Pair.App.Record != text(survivor) || p.state() != "in_sync" {
						return errorf("%+v %s", p, p.state())
					}
					return nil
				})
				x.pipedrive.edit(survivor, fields{"name": "Anna Lee"})
				x.holds(x.hubspot, hubspot, fields{"firstname": "Anna"})
				x.settled()
				x.wantCreated(1, 0)
			})
		}
	})
}

// R17 with R9: a survivor that never had a counterpart, as its stage is not
// mapped, gets that of the record merged into it. The pair waits in that stage
// and catches up when it is left.
func TestR17_APairMovesToASurvivorThatIsExcluded(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)
		x.hubspot.put("/settings", map[string]any{"merge_makes_new": false})
		survivor := x.hubspot.create(fields{"dealname": "Outside", "amount": "9", "dealstage": "contractsent", "pipeline": "default"}, ago(time.Hour))
		x.becomes(survivor, "excluded: stage_not_mapped")
		hubspot, app := x.deal("Inside")
		x.settled()
		x.hubspot.merge(survivor, hubspot)
		x.eventually("the survivor has the counterpart", func() error {
			if p, ok := x.cli.pairOf(survivor); !ok || p.Pair.App.Record != text(app) || p.state() != "excluded: stage_not_mapped" {
				return errorf("%+v", p)
			}
			return nil
		})
		x.hubspot.do(survivor, "stage", "presentationscheduled")
		x.becomes(survivor, "in_sync")
		x.settled()
		x.same(survivor, app)
		if n := len(x.pipedrive.dump()); n != 1 {
			t.Errorf("%d deals in the app, want 1", n)
		}
	})
}
