package pipedrive

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

func TestTheDomainIsTheHostOfTheWebsite(t *testing.T) {
	t.Parallel()
	for website, want := range map[string]string{
		"":                                "",
		"acme.com":                        "acme.com",
		"https://www.Acme.com/de?x=1#y":   "acme.com",
		"http://shop.acme.co.uk:8080/":    "shop.acme.co.uk",
		" www.acme.com ":                  "acme.com",
		"//acme.com":                      "",
		"müller.de":                       "müller.de",
		"acme.com.":                       "acme.com",
		"www.com":                         "",
		"not a website":                   "",
		"localhost":                       "",
		"https://[::1]/":                  "",
		"https://acme.com:port/":          "",
		"https://user:secret@acme.com/in": "acme.com",
	} {
		if got := domainOf(website); got != want {
			t.Errorf("%q has the domain %q, want %q", website, got, want)
		}
	}
}

func TestADomainIsWrittenAsAWebsiteOnlyWhereItSaysSomethingNew(t *testing.T) {
	t.Parallel()
	const held = `{"name":"Acme","website":"https://www.acme.com/de"}`
	for _, c := range []struct {
		name, held string
		fields     deal.Fields
		want       map[string]any
	}{
		{"a new one", "", deal.Fields{"name": "Acme", "domain": "acme.com"}, map[string]any{"name": "Acme", "website": "https://acme.com"}},
		{"the domain stands in for a name", "", deal.Fields{"name": "", "domain": "www.Acme.com"}, map[string]any{"name": "acme.com", "website": "https://acme.com"}},
		{"the website has it already", held, deal.Fields{"domain": "acme.com"}, map[string]any{}},
		{"another one", held, deal.Fields{"domain": "acme.org"}, map[string]any{"website": "https://acme.org"}},
		{"a blank", held, deal.Fields{"domain": "", "name": ""}, map[string]any{"website": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := draft{fields: c.fields, create: c.held == ""}
			if c.held != "" {
				d.held = recordOf(t, c.held)
			}
			got, err := (&shape{kind: kinds[2]}).encode(d)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, err := (&shape{kind: kinds[2]}).encode(draft{fields: deal.Fields{"domain": "acme"}})
	if !fault.Is(err, fault.Rejected) || fault.CodeOf(err) != "bad_value" {
		t.Errorf("what is no domain: %v", err)
	}
}

func TestADomainThatWasWrittenReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		domain := domainOf(rapid.StringMatching(`(www\.)?[a-zA-Z0-9ü-]{1,8}(\.[a-z]{2,5}){1,2}`).Draw(t, "domain"))
		if domain != "" && domainOf("https://"+domain) != domain {
			t.Errorf("%q reads back as %q", domain, domainOf("https://"+domain))
		}
	})
}
