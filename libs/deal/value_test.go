package deal_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of       deal.Type
		in, want string
		ok       bool
	}{
		"a number loses its trailing zeros":         {deal.Number, "1500.00", "1500", true},
		"a number loses its exponent":               {deal.Number, "1.5e3", "1500", true},
		"a number keeps fifteen digits":             {deal.Number, "123456789.123456", "123456789.123456", true},
		"a negative zero is zero":                   {deal.Number, "-0.0", "0", true},
		"a number of absurd size is left alone":     {deal.Number, "1e999999999", "1e999999999", false},
		"text is no number":                         {deal.Number, "ten", "ten", false},
		"a date may come as milliseconds":           {deal.Date, "1767225600000", "2026-01-01", true},
		"a date may come as a time":                 {deal.Date, "2026-01-01T10:00:00Z", "2026-01-01", true},
		"a time is in UTC":                          {deal.Datetime, "2026-01-01T10:00:00+02:00", "2026-01-01T08:00:00Z", true},
		"a time keeps its milliseconds":             {deal.Datetime, "2026-01-01T10:00:00.120Z", "2026-01-01T10:00:00.12Z", true},
		"a time may come without a zone and is UTC": {deal.Datetime, "2026-01-01 10:00:00", "2026-01-01T10:00:00Z", true},
		"yes is true":                               {deal.Bool, "Yes", "true", true},
		"several options are sorted, each once":     {deal.Multi, "b;a;;b", "a;b", true},
		"references are sorted, each once":          {deal.Reference, " 30;4;30;", "30;4", true},
		"one reference is its id":                   {deal.Reference, "17", "17", true},
		"a year of five digits is no year":          {deal.Datetime, "9999-12-31T23:00:00-05:00", "9999-12-31T23:00:00-05:00", false},
		"blank is blank in every type":              {deal.Number, "", "", true},
		"text is kept as it is":                     {deal.Text, "  a ", "  a ", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := deal.Canonical(c.of, c.in); got != c.want || ok != c.ok {
				t.Errorf("got %q %v, want %q %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestCanonicalFormsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	types := []deal.Type{deal.Text, deal.Number, deal.Date, deal.Datetime, deal.Bool, deal.Multi, deal.Reference}
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SampledFrom(types).Draw(t, "type")
		in := rapid.OneOf(rapid.String(), rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,6})?`), rapid.StringMatching(`20[0-9]{2}-0[1-9]-1[0-9]`)).Draw(t, "value")
		once, ok := deal.Canonical(of, in)
		if !ok {
			return
		}
		if twice, ok := deal.Canonical(of, once); twice != once || !ok {
			t.Fatalf("%s: %q became %q, then %q %v", of, in, once, twice, ok)
		}
	})
}

func TestRefsAreTheIdsOfAReference(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{"": {}, "7": {"7"}, "30;4": {"30", "4"}, " 30 ; ;4": {"30", "4"}} {
		if got := deal.Refs(value); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

func TestFingerprintIgnoresOrderAndTellsValuesApart(t *testing.T) {
	t.Parallel()
	a := deal.Fields{"amount": "10", "currency": "EUR"}
	b := deal.Fields{"currency": "EUR", "amount": "10"}
	if a.Fingerprint() != b.Fingerprint() {
		t.Error("the order of fields changes the fingerprint")
	}
	if a.Fingerprint() == (deal.Fields{"amount": "EUR", "currency": "10"}).Fingerprint() {
		t.Error("swapped values have one fingerprint")
	}
	if (deal.Fields{"a": "", "b": ""}).Fingerprint() != 0 || (deal.Fields{}).Fingerprint() != 0 {
		t.Error("blank is not 0")
	}
}

func TestPairIDDependsOnItsArgumentsAlone(t *testing.T) {
	t.Parallel()
	id := deal.PairID("acme", "deals", deal.HubSpot, "1")
	if id != deal.PairID("acme", "deals", deal.HubSpot, "1") {
		t.Error("the same arguments give two ids")
	}
	for _, other := range []string{
		deal.PairID("acme", "deals", deal.App, "1"),
		deal.PairID("acme", "deals", deal.HubSpot, "11"),
		deal.PairID("acme2", "deals", deal.HubSpot, "1"),
		deal.PairID("acme", "deals2", deal.HubSpot, "1"),
	} {
		if other == id {
			t.Errorf("two pairs share the id %s", id)
		}
	}
}
