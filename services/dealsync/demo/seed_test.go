package demo

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryNameHasAMarkOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range sides {
		for i := range 1500 {
			r := &record{Fields: map[string]value{"dealname": value(named(s, i)), "title": value(named(s, i))}}
			m := dealMark(s, r)
			if m == "" || seen[m] {
				t.Fatalf("%q has the mark %q", named(s, i), m)
			}
			seen[m] = true
		}
	}
}

func TestEveryContactHasAnAddressOfItsOwnUnlessItIsInBothAccounts(t *testing.T) {
	t.Parallel()
	var emails, shared [2][]string
	for i, s := range sides {
		for k := range contactCount(s) {
			_, _, email, both := person(s, k)
			if slices.Contains(emails[i], email) {
				t.Errorf("%s has %s twice", s, email)
			}
			emails[i] = append(emails[i], email)
			if both {
				shared[i] = append(shared[i], email)
			}
		}
	}
	for _, email := range emails[0] {
		if slices.Contains(emails[1], email) != slices.Contains(shared[0], email) {
			t.Errorf("%s is in both accounts by accident", email)
		}
	}
	if slices.Sort(shared[0]); len(shared[0]) != sharedEach*len(inBoth) {
		t.Errorf("%d contacts are in both accounts", len(shared[0]))
	}
	if slices.Sort(shared[1]); !slices.Equal(shared[0], shared[1]) {
		t.Errorf("in HubSpot %v\nin Pipedrive %v", shared[0], shared[1])
	}
}

// The contacts in both accounts show what may happen when records meet.
func TestSharedContactsHaveNumbersOfEveryKind(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for k := range contactCount(sides[0]) {
		if _, _, _, shared := person(sides[0], k); !shared {
			continue
		}
		switch h, a := phone(sides[0], k, true), phone(sides[1], k, true); {
		case h == a:
			seen["the same"]++
		case h == "":
			seen["in Pipedrive"]++
		case a == "":
			seen["in HubSpot"]++
		default:
			seen["different"]++
		}
	}
	for _, what := range []string{"the same", "in Pipedrive", "in HubSpot", "different"} {
		if seen[what] == 0 {
			t.Errorf("no contact in both accounts has a number %s", what)
		}
	}
}

// A deal's name says the company that the double associates it with: both count
// round and round in the same way.
func TestADealIsNamedAfterItsCompany(t *testing.T) {
	t.Parallel()
	for _, s := range sides {
		list := companiesOf(s)
		if contactCount(s)%len(list) != 0 {
			t.Fatalf("%s: contacts and companies do not come round together", s)
		}
		seeds := dealSeeds(s, 40, 1, 1)
		for i := range seeds.count {
			if company := list[(seeds.shift+i)%len(list)]; !strings.HasPrefix(named(s, i), company+",") {
				t.Errorf("%q is associated with %s", named(s, i), company)
			}
		}
	}
}
