package pipedrive

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
)

func TestAPrimaryAddressIsWrittenAndTheOthersStay(t *testing.T) {
	t.Parallel()
	work, home := reach{"a@x.com", true, "work"}, reach{"b@x.com", false, "home"}
	for _, c := range []struct {
		name string
		held []reach
		v    string
		want []reach
	}{
		{"the first one of all", nil, "a@x.com", []reach{{"a@x.com", true, "work"}}},
		{"another one takes the primary one's place and label", []reach{home, work}, "c@x.com", []reach{home, {"c@x.com", true, "work"}}},
		{"one that is there becomes primary and the former stays", []reach{work, home}, "B@x.com", []reach{{"a@x.com", false, "work"}, {"B@x.com", true, "home"}}},
		{"the same one changes nothing", []reach{work, home}, "a@x.com", []reach{work, home}},
		{"where none is marked the first is the primary one", []reach{home}, "c@x.com", []reach{{"c@x.com", true, "home"}}},
		{"a blank makes the next one primary", []reach{work, home}, "", []reach{{"b@x.com", true, "home"}}},
		{"a blank takes the only one", []reach{work}, "", []reach{}},
		{"a blank where there is none", nil, "", []reach{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before := append([]reach(nil), c.held...)
			got := withPrimary(c.held, c.v)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, append([]reach(nil), c.held...)); diff != "" {
				t.Errorf("what was held has changed:\n%s", diff)
			}
			if i := primary(got); c.v != "" && got[i].Value != c.v {
				t.Errorf("reads back as %+v", got)
			}
		})
	}
}

func TestAPersonAlwaysHasAName(t *testing.T) {
	t.Parallel()
	ada := `{"name":"Ada Miller","first_name":"Ada","last_name":"Miller","emails":[{"value":"ada@x.com","primary":true}]}`
	nameless := `{"name":"ada@x.com","first_name":"ada@x.com","last_name":null,"emails":[{"value":"Ada@x.com","primary":true}]}`
	for _, c := range []struct {
		name, held string
		fields     deal.Fields
		want       any
	}{
		{"made of first and last name", "", deal.Fields{"first_name": " Ada ", "last_name": "Miller"}, "Ada Miller"},
		{"of one of them", "", deal.Fields{"first_name": "", "last_name": "Miller"}, "Miller"},
		{"given as a whole it counts", "", deal.Fields{"name": "Ada Miller", "first_name": "A"}, "Ada Miller"},
		{"the address stands in for a new one without", "", deal.Fields{"email": "ada@x.com", "first_name": ""}, "ada@x.com"},
		{"nothing stands in: the app says so", "", deal.Fields{"phone": "1"}, nil},
		{"the part that is not written is the held one", ada, deal.Fields{"last_name": "Lovelace"}, "Ada Lovelace"},
		{"an address alone leaves the name", ada, deal.Fields{"email": "a@x.com"}, nil},
		{"both parts cleared make the address stand in", ada, deal.Fields{"first_name": "", "last_name": ""}, "ada@x.com"},
		{"a blank name leaves it", ada, deal.Fields{"name": ""}, nil},
		{"a name takes the place of the address", nameless, deal.Fields{"last_name": "Miller"}, "Miller"},
		{"another address stands in for the former", nameless, deal.Fields{"email": "b@x.com"}, "b@x.com"},
		{"a number leaves the address standing in", nameless, deal.Fields{"phone": "1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := draft{fields: c.fields, create: c.held == ""}
			if c.held != "" {
				d.held = recordOf(t, c.held)
			}
			body := map[string]any{}
			if err := composePerson(body, d); err != nil {
				t.Fatal(err)
			}
			if body["name"] != c.want {
				t.Errorf("name %v, want %v", body["name"], c.want)
			}
		})
	}
}

func TestAnAddressThatStandsInForANameIsNoName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, record, first, last string
	}{
		{"a name", `{"name":"Ada Miller","first_name":"Ada","last_name":"Miller","emails":[{"value":"ada@x.com"}]}`, "Ada", "Miller"},
		{"the address", `{"name":"ADA@x.com","first_name":"ADA@x.com","last_name":null,"emails":[{"value":"b@x.com"},{"value":"ada@x.com","primary":true}]}`, "", ""},
		{"another address", `{"name":"ada@x.com","first_name":"ada@x.com","emails":[]}`, "ada@x.com", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := deal.Fields{}
			derivePerson(recordOf(t, c.record), f)
			if f["first_name"] != c.first || f["last_name"] != c.last {
				t.Errorf("shows %q %q", f["first_name"], f["last_name"])
			}
		})
	}
}

func recordOf(t *testing.T, text string) apiRecord {
	t.Helper()
	var r apiRecord
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}
