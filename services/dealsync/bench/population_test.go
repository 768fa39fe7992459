package bench

import "testing"

// A record may only be seeded with what its own app has, in both apps the same.
func TestRecordsBelongToRecordsOfTheirOwnApp(t *testing.T) {
	t.Parallel()
	p := population{deals: 24, contacts: 16, companies: 8}
	has := func(side int, object string, number int) bool {
		first, count := p.own(side, object)
		return number >= first && number < first+count
	}
	for side, name := range appNames {
		first, count := p.own(side, contacts)
		for n := first; n < first+count; n++ {
			if c := p.company(n); !has(side, companies, c) {
				t.Errorf("%s: contact %d belongs to company %d, which is not there", name, n, c)
			}
		}
		first, count = p.own(side, deals)
		for n := first; n < first+count; n++ {
			if c := p.contact(n); !has(side, contacts, c) || !has(side, companies, p.company(c)) {
				t.Errorf("%s: deal %d belongs to contact %d, which is not there", name, n, c)
			}
			// The doubles count the deal's company by the deal's own number.
			if c := p.company(p.contact(n)); (c-1)%(p.companies/2) != (n-1)%(p.companies/2) {
				t.Errorf("%s: deal %d is seeded with another company than %d", name, n, c)
			}
		}
	}
}

func TestHalfOfContactsAndCompaniesAreInBothAppsAndNoDealIs(t *testing.T) {
	t.Parallel()
	p := population{deals: 20, contacts: 8, companies: 4}
	for object, want := range map[string]int{companies: 6, contacts: 12, deals: 40} {
		if got := p.total(object); got != want {
			t.Errorf("%d %s in all, want %d", got, object, want)
		}
	}
}

func TestAKeyTellsItsNumberAndNoOtherKeyDoes(t *testing.T) {
	t.Parallel()
	for _, object := range objects {
		if got := numberOf(object, keyOf(object, 17)); got != 17 {
			t.Errorf("%s: got %d", object, got)
		}
		for _, key := range []string{"", "Deal 17", "17", "p017@people.example", "x@people.example"} {
			if got := numberOf(object, key); got != 0 {
				t.Errorf("%s: %q is number %d", object, key, got)
			}
		}
	}
}

func TestAPopulationThatCanNotBeHalvedIsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []population{{3, 4, 2}, {4, 5, 2}, {4, 6, 4}, {4, 0, 0}, {-2, 4, 2}} {
		if p.check() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
	if err := (population{}).check(); err != nil {
		t.Errorf("none at all: %v", err)
	}
}

func TestEveryAssociationThatIsMissingOrWrongIsCounted(t *testing.T) {
	t.Parallel()
	p := population{deals: 4, contacts: 4, companies: 2}
	f := &Faults{}
	contact := p.contact(1)
	p.judge(f, deals, linked{number: 1, to: map[string][]int{contacts: {contact}, companies: {p.company(contact)}}})
	if f.Unlinked != 0 || f.Mislinked != 0 {
		t.Errorf("as it should be: %+v", f)
	}
	p.judge(f, deals, linked{number: 1, to: map[string][]int{contacts: {contact, contact + 1}}})
	if f.Unlinked != 1 || f.Mislinked != 1 {
		t.Errorf("one missing, one too many: %+v", f)
	}
}
