package hubspot

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

type vector struct {
	Name      string `json:"name"`
	Secret    string `json:"clientSecret"`
	Method    string `json:"method"`
	URI       string `json:"uri"`
	Body      string `json:"body"`
	Timestamp string `json:"timestamp"`
	Expected  string `json:"expected"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil || len(all) == 0 {
		t.Fatalf("%d vectors: %v", len(all), err)
	}
	return all
}

func TestSignatureV3AgreesWithKnownVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if got := Sign(v.Secret, v.Method, v.URI, v.Timestamp, []byte(v.Body)); got != v.Expected {
				t.Errorf("signed %s, want %s", got, v.Expected)
			}
		})
	}
}

func TestDeliveriesAreVerifiedBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	v := vectors(t)[0]
	ms, err := strconv.ParseInt(v.Timestamp, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	signed := time.UnixMilli(ms)
	for _, c := range []struct {
		name   string
		change func(*connector.WebhookRequest, *connector.WebhookSecret)
		code   string
	}{
		{"a good delivery", func(*connector.WebhookRequest, *connector.WebhookSecret) {}, ""},
		{"five minutes are not too old", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.Now = signed.Add(5 * time.Minute) }, ""},
		{"more than five minutes are", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) {
			r.Now = signed.Add(5*time.Minute + time.Millisecond)
		}, "timestamp_old"},
		{"a clock slightly behind is fine", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.Now = signed.Add(-20 * time.Second) }, ""},
		{"a far future is not", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.Now = signed.Add(-time.Minute) }, "timestamp_old"},
		{"no timestamp", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.Header.Del(headerTimestamp) }, "signature_missing"},
		{"no signature", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.Header.Del(headerSignature) }, "signature_missing"},
		{"a timestamp that is no number", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.Header.Set(headerTimestamp, "soon") }, "timestamp_malformed"},
		{"another body", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.Body = append(r.Body, ' ') }, "signature_wrong"},
		{"another address", func(r *connector.WebhookRequest, _ *connector.WebhookSecret) { r.URL += "/x" }, "signature_wrong"},
		{"another secret", func(_ *connector.WebhookRequest, s *connector.WebhookSecret) { s.Secret += "x" }, "signature_wrong"},
		{"no secret at all", func(_ *connector.WebhookRequest, s *connector.WebhookSecret) { s.Secret = "" }, "no_secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			req := connector.WebhookRequest{Method: v.Method, URL: v.URI, Body: []byte(v.Body), Now: signed.Add(time.Second), Header: http.Header{}}
			req.Header.Set(headerSignature, v.Expected)
			req.Header.Set(headerTimestamp, v.Timestamp)
			secret := connector.WebhookSecret{Secret: v.Secret}
			c.change(&req, &secret)
			replay, err := (&Driver{}).VerifyWebhook(req, secret)
			if c.code == "" {
				if err != nil || replay != v.Expected {
					t.Errorf("replay key %q, %v", replay, err)
				}
				return
			}
			if !fault.Is(err, fault.Auth) || fault.CodeOf(err) != c.code {
				t.Errorf("kind %s, code %q, want auth %q", fault.KindOf(err), fault.CodeOf(err), c.code)
			}
		})
	}
}

func TestDeliveriesAreParsedEventByEvent(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/webhook/delivery.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &Driver{appID: "2468000", extra: func(object deal.Object) []string {
		// A deal's companies are of no interest to any sync.
		return map[deal.Object][]string{deal.Deals: {"associations.contact"}, deal.Contacts: {"associations.company"}}[object]
	}}
	events, err := d.ParseWebhook(body)
	if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "unknown_event" {
		t.Errorf("the unknown event gave %v", err)
	}
	connectortest.Golden(t, "webhook/events.json", events)
}

func FuzzParseWebhook(f *testing.F) {
	body, err := os.ReadFile("testdata/webhook/delivery.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`[]`))
	f.Add([]byte(`[{"subscriptionType":"deal.merge","occurredAt":1,"mergedObjectIds":[1]}]`))
	d := &Driver{appID: "2468000"}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := d.ParseWebhook(body)
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("an error of kind %s: %v", fault.KindOf(err), err)
		}
		for _, e := range events {
			if e.ID == "" || e.Object == "" || e.At.IsZero() {
				t.Errorf("an event without record or time: %+v", e)
			}
			for name, v := range e.Fields {
				if !utf8.ValidString(name) || !utf8.ValidString(v) {
					t.Errorf("a value that no message can carry: %q %q", name, v)
				}
			}
		}
	})
}
