package match_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/match"
)

func TestR15ValuesAreComparedInNormalForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		rule        match.Rule
		in          string
		value, form string
	}{
		{"an address has no case and no space around it", match.Email, "  Ann@Example.COM\t", "ann@example.com", ""},
		{"what is no address is no key", match.Email, "none", "", ""},
		{"two addresses are no key", match.Email, "a@x.de; b@x.de", "", ""},
		{"blank is no key", match.Email, "", "", ""},
		{"a domain as it is", match.Domain, "acme.de", "acme.de", ""},
		{"a web address is its host", match.Domain, "https://www.Acme.de:8080/about?x=1#top", "acme.de", ""},
		{"a host with a path and no scheme", match.Domain, "www.acme.de/en", "acme.de", ""},
		{"a subdomain is another domain", match.Domain, "shop.acme.de", "shop.acme.de", ""},
		{"the root's dot", match.Domain, "acme.de.", "acme.de", ""},
		{"an international domain stays as it is", match.Domain, "www.Müller.de", "müller.de", ""},
		{"a word is no domain", match.Domain, "none", "", ""},
		{"a sentence is no domain", match.Domain, "not yet. sorry", "", ""},
		{"names have no case, accents and doubled space", match.Name, "  Café  NOIR ", "cafe noir", ""},
		{"punctuation parts words", match.Name, "Smith, Jones & Sons", "smith jones sons", ""},
		{"umlauts may be written out", match.Name, "Müller Söhne", "mueller soehne", ""},
		{"a legal form is kept apart", match.Name, "Acme GmbH", "acme", "gmbh"},
		{"a legal form of several words", match.Name, "Acme GmbH & Co. KG", "acme", "gmbh co kg"},
		{"forms written out", match.Name, "Acme Incorporated", "acme", "inc"},
		{"forms with dots", match.Name, "Acme S.A.", "acme", "sa"},
		{"a form in brackets that adds nothing", match.Name, "Acme UG (haftungsbeschränkt)", "acme", "ug"},
		{"a form in the middle is part of the name", match.Name, "AG Barr Drinks", "ag barr drinks", ""},
		{"a name that is nothing but a form", match.Name, "Co.", "co", ""},
		{"other scripts", match.Name, "株式会社 Acme", "株式会社 acme", ""},
		{"punctuation alone is no key", match.Name, "---", "", ""},
		{"an unknown rule has no keys", "phone", "1", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := match.Normal(tt.rule, tt.in)
			if k.Value != tt.value || k.Form != tt.form || k.Rule != tt.rule {
				t.Errorf("Normal(%s, %q) = %+v, want %q and form %q", tt.rule, tt.in, k, tt.value, tt.form)
			}
		})
	}
}

func TestKeysComeFromTheFieldsOfTheirRules(t *testing.T) {
	t.Parallel()
	fields := []match.Field{{Rule: match.Domain, Name: "website"}, {Rule: match.Name, Name: "name"}}
	values := map[string]string{"website": "", "name": "Acme AG"}
	keys := match.KeysOf(fields, func(f string) string { return values[f] })
	if len(keys) != 1 || keys[0] != (match.Key{Rule: match.Name, Value: "acme", Form: "ag"}) {
		t.Errorf("keys = %+v, want the name's only", keys)
	}
	if !keys.Has(match.Key{Rule: match.Name, Value: "acme"}) || keys.Has(match.Key{Rule: match.Name, Value: "other"}) || keys.Has(match.Key{Rule: match.Domain, Value: "acme"}) {
		t.Error("Has does not tell a key that is there from one that is not")
	}
}

func TestR15RecordsAreAlikeByTheStrongestRuleThatBothHave(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		a, b match.Keys
		want match.Rule
	}{
		{"equal domains", company("acme.de", "Acme"), company("acme.de", "Other"), match.Domain},
		{"equal names where both have domains that differ", company("acme.de", "Acme"), company("acme.com", "Acme"), ""},
		{"equal names where one has a domain", company("acme.de", "Acme"), company("", "ACME"), match.Name},
		{"equal names where none has a domain", company("", "Acme"), company("", "Acme"), match.Name},
		{"a name with and one without its form", company("", "Acme GmbH"), company("", "Acme"), match.Name},
		{"names that differ in their form", company("", "Acme GmbH"), company("", "Acme AG"), ""},
		{"nothing in common", company("acme.de", ""), company("", "Acme"), ""},
		{"no keys", nil, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := match.Alike(tt.a, tt.b); got != tt.want {
				t.Errorf("Alike = %q, want %q", got, tt.want)
			}
			if got := match.Alike(tt.b, tt.a); got != tt.want {
				t.Errorf("Alike the other way round = %q, want %q", got, tt.want)
			}
		})
	}
}

func company(domain, name string) match.Keys {
	fields := []match.Field{{Rule: match.Domain, Name: "domain"}, {Rule: match.Name, Name: "name"}}
	values := map[string]string{"domain": domain, "name": name}
	return match.KeysOf(fields, func(f string) string { return values[f] })
}

func TestANormalFormStaysAsItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, r := range []match.Rule{match.Email, match.Name} {
			once := match.Normal(r, rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-zÄöß .@&-]{0,12}( (GmbH|AG|Co\.|Inc))?`)).Draw(t, string(r))).Value
			if again := match.Normal(r, once).Value; again != once {
				t.Fatalf("%s: %q becomes %q", r, once, again)
			}
		}
	})
}
