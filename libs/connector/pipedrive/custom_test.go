package pipedrive

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Every type of field that Pipedrive lets people make, as the API has it and as
// webhooks have it.
func TestEveryTypeOfCustomFieldIsReadAndWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of, api, hook string
		want          deal.Fields
		written       string // the API's form of want; blank: read-only
	}{
		{"varchar", `"x"`, `{"type":"varchar","value":"x"}`, deal.Fields{"f": "x"}, `"x"`},
		{"varchar_auto", `"x"`, `{"type":"varchar_auto","value":"x"}`, deal.Fields{"f": "x"}, `"x"`},
		{"text", `"a\nb"`, `{"type":"text","value":"a\nb"}`, deal.Fields{"f": "a\nb"}, `"a\nb"`},
		{"phone", `"+49 1"`, `{"type":"phone","value":"+49 1"}`, deal.Fields{"f": "+49 1"}, `"+49 1"`},
		{"double", `123456789.123456`, `{"type":"double","value":123456789.123456}`, deal.Fields{"f": "123456789.123456"}, `123456789.123456`},
		{"monetary", `{"value":5.10,"currency":"EUR"}`, `{"type":"monetary","value":5.10,"currency":"EUR"}`, deal.Fields{"f": "5.10", "f.currency": "EUR"}, `{"value":5.1,"currency":"EUR"}`},
		{"date", `"2026-01-31"`, `{"type":"date","value":"2026-01-31"}`, deal.Fields{"f": "2026-01-31"}, `"2026-01-31"`},
		{"enum", `17`, `{"type":"enum","id":17}`, deal.Fields{"f": "17"}, `17`},
		{"set", `[13,14]`, `{"type":"set","values":[{"id":13},{"id":14}]}`, deal.Fields{"f": "13;14"}, `[13,14]`},
		{"user", `501`, `{"type":"user","id":501}`, deal.Fields{"f": "501"}, `501`},
		{"org", `12`, `{"type":"org","id":12}`, deal.Fields{"f": "12"}, `12`},
		{"people", `12`, `{"type":"people","id":12}`, deal.Fields{"f": "12"}, `12`},
		{"time", `{"value":"09:00:00","timezone_name":"Europe/Berlin"}`, `{"type":"time","value":"09:00:00","timezone_id":1}`, deal.Fields{"f": "09:00:00"}, ""},
		{"timerange", `{"value":"09:00:00","until":"10:00:00"}`, `{"type":"timerange","from":"09:00:00","until":"10:00:00"}`, deal.Fields{"f": "09:00:00"}, ""},
		{"daterange", `{"value":"2026-01-01","until":"2026-02-01"}`, `{"type":"daterange","from":"2026-01-01","until":"2026-02-01"}`, deal.Fields{"f": "2026-01-01"}, ""},
		{"address", `{"value":"Main Street 1, Tallinn","locality":"Tallinn"}`, `{"type":"address","value":"Main Street 1, Tallinn","locality":"Tallinn"}`, deal.Fields{"f": "Main Street 1, Tallinn"}, ""},
	} {
		t.Run(c.of, func(t *testing.T) {
			t.Parallel()
			s := &shape{kind: kinds[0], custom: map[string]string{"f": c.of}}
			blank := deal.Fields{}
			for name := range c.want {
				blank[name] = ""
			}
			for raw, want := range map[string]deal.Fields{c.api: c.want, c.hook: c.want, "null": blank, "": blank} {
				got := deal.Fields{}
				s.decode(got, "f", json.RawMessage(raw))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", raw, diff)
				}
			}
			checkWritten(t, s, c.want, c.written)
			if c.written != "" {
				checkWritten(t, s, blank, "null")
			}
		})
	}
}

func TestAMonetaryFieldWithoutACurrencyGetsTheAccounts(t *testing.T) {
	t.Parallel()
	s := &shape{kind: kinds[0], custom: map[string]string{"f": "monetary"}, currency: "CHF"}
	checkWritten(t, s, deal.Fields{"f": "5", "f.currency": ""}, `{"value":5,"currency":"CHF"}`)
}

func checkWritten(t *testing.T, s *shape, fields deal.Fields, want string) {
	t.Helper()
	body, err := s.encode(draft{fields: fields})
	if want == "" {
		if !fault.Is(err, fault.Rejected) || fault.CodeOf(err) != "read_only" {
			t.Errorf("a read-only field: %v, %v", body, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(`{"custom_fields":{"f":`+want+`}}`), &b) != nil {
		t.Fatalf("not JSON: %s, %s", got, want)
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("written %v (-want +got):\n%s", fields, diff)
	}
}

// A number goes to the app and comes back digit by digit, as long as the app
// itself can hold it: fifteen digits.
func TestNumbersDoNotDrift(t *testing.T) {
	t.Parallel()
	s := &shape{kind: kinds[0], custom: map[string]string{"f": "double", "m": "monetary"}, currency: "EUR"}
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`-?[1-9][0-9]{0,14}`).Draw(t, "digits")
		at := rapid.IntRange(0, len(digits)-1).Draw(t, "point")
		v, ok := deal.Canonical(deal.Number, digits+"e-"+strconv.Itoa(at))
		if !ok {
			t.Fatalf("no number: %s", digits)
		}
		body, err := s.encode(draft{fields: deal.Fields{"value": v, "f": v, "m": v}})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		var back apiRecord
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		for name, got := range back.fields(s, false) {
			if name == "m.currency" {
				continue
			}
			if canon, ok := deal.Canonical(deal.Number, got); !ok || canon != v {
				t.Errorf("%s: %s came back as %s", name, v, got)
			}
		}
		// The app's own arithmetic is binary; what it prints is the same number.
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			t.Fatal(err)
		}
		if canon, ok := deal.Canonical(deal.Number, strconv.FormatFloat(f, 'g', -1, 64)); !ok || canon != v {
			t.Errorf("%s came back from a float as %s", v, canon)
		}
	})
}
