package pipedrive

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/connectortest"
	"github.com/dealsync/dealsync/libs/fault"
)

// known is the account of the deliveries in testdata; all objects have the same
// custom fields.
func known() *Driver {
	d := &Driver{userID: "599", entities: newEntities()}
	for _, e := range d.entities {
		e.shape.Store(&shape{kind: e.kind, pairCode: code('a'), custom: map[string]string{
			code('a'): "varchar", code('1'): "double", code('2'): "enum", code('3'): "set", code('4'): "monetary", code('5'): "address", code('6'): "user",
		}})
	}
	return d
}

func deliveries(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/webhook/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == "events" {
			continue
		}
		if all[name], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) == 0 {
		t.Fatal("no deliveries in testdata")
	}
	return all
}

func TestDeliveriesAreParsed(t *testing.T) {
	t.Parallel()
	type parsed struct {
		Case   string
		Events []connector.Event
	}
	var all []parsed
	bodies := deliveries(t)
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		events, err := known().ParseWebhook(bodies[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		all = append(all, parsed{name, events})
	}
	connectortest.Golden(t, "webhook/events.json", all)
}

// A note, an activity or a restore changes the deal and none of its fields: it
// must not make them look edited, or a real edit in the other app would lose.
func TestAChangeOfNothingPresentedTouchesNoField(t *testing.T) {
	t.Parallel()
	events, err := known().ParseWebhook(deliveries(t)["nothing_presented_changed"])
	if err != nil || len(events) != 1 || len(events[0].Touched) == 0 {
		t.Fatalf("events %+v, %v", events, err)
	}
	for _, name := range events[0].Touched {
		if v, ok := events[0].Fields[name]; ok {
			t.Errorf("touches %s=%q", name, v)
		}
	}
}

func TestUnknownAndMalformedDeliveriesAreInvalid(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `null`, `[]`, `{"meta":{"entity":"product","action":"change"}}`,
		`{"meta":{"entity":"deal","entity_id":"1","action":"change","timestamp":"soon"}}`,
		`{"meta":{"entity":"deal","entity_id":"x","action":"change","timestamp":"2026-11-02T09:16:30.500Z"}}`,
		`{"meta":{"entity":"deal","entity_id":"1","action":"explode","timestamp":"2026-11-02T09:16:30.500Z"}}`,
	} {
		if events, err := known().ParseWebhook([]byte(body)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, %v", body, events, err)
		}
	}
}

func TestDeliveriesAreKnownByUserAndPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		user, password string
		secret         connector.WebhookSecret
		code           string
	}{
		{"the right ones", "u", "p", connector.WebhookSecret{User: "u", Secret: "p"}, ""},
		{"a wrong password", "u", "x", connector.WebhookSecret{User: "u", Secret: "p"}, "credentials_wrong"},
		{"a wrong user", "x", "p", connector.WebhookSecret{User: "u", Secret: "p"}, "credentials_wrong"},
		{"none", "", "", connector.WebhookSecret{User: "u", Secret: "p"}, "credentials_missing"},
		{"none expected", "", "", connector.WebhookSecret{}, "no_secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := http.Request{Header: http.Header{}}
			if c.user != "" {
				r.SetBasicAuth(c.user, c.password)
			}
			_, err := (&Driver{}).VerifyWebhook(connector.WebhookRequest{Header: r.Header}, c.secret)
			if c.code == "" && err != nil || c.code != "" && fault.CodeOf(err) != c.code {
				t.Errorf("code %q: %v", fault.CodeOf(err), err)
			}
		})
	}
}

func FuzzParseWebhook(f *testing.F) {
	for _, body := range deliveries(f) {
		f.Add(body)
	}
	d := known()
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
