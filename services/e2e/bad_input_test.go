package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// delivery is one webhook request of HubSpot, made by hand.
type delivery struct {
	url, body string
	at        time.Time
	secret    string
	signature *string // instead of the right one; "" sends none
}

// send posts it and gives status, headers and body.
func (d delivery) send(t testing.TB) (int, http.Header, string) {
	t.Helper()
	stamp := strconv.FormatInt(d.at.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(d.secret))
	mac.Write([]byte(http.MethodPost + d.url + d.body + stamp))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if d.signature != nil {
		signature = *d.signature
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.url, strings.NewReader(d.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-HubSpot-Request-Timestamp", stamp)
	if signature != "" {
		req.Header.Set("X-HubSpot-Signature-v3", signature)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// webhook is where HubSpot's webhooks of the tenant go.
func (x *tenant) webhook() string {
	x.t.Helper()
	var out struct {
		Connections []struct {
			App string `json:"app"`
			URL string `json:"webhook_url"`
		} `json:"connections"`
	}
	x.cli.do(&out, "get", "connections")
	for _, c := range out.Connections {
		if c.App == "hubspot" {
			return c.URL
		}
	}
	x.t.Fatal("there is no HubSpot connection")
	return ""
}

// propertyChange is the body of a delivery with one event.
func propertyChange(id int64, name, value string, when time.Time) string {
	return fmt.Sprintf(`[{"eventId":%d,"subscriptionId":1,"portalId":1234567,"appId":2468000,"occurredAt":%d,"subscriptionType":"object.propertyChange","objectTypeId":"0-3","objectId":%d,"propertyName":%q,"propertyValue":%q,"changeSource":"CRM_UI","sourceId":"userId:9586501","attemptNumber":0}]`,
		when.UnixNano()%1e9, when.UnixMilli(), id, name, value)
}

func TestBadWebhooksAreRefusedAndSignedGarbageIsParked(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, nil)
		hubspot := x.hubspot.create(fields{"dealname": "Untouched", "dealstage": "qualifiedtobuy", "pipeline": "default"})
		app := x.counterpart(hubspot)
		x.becomes(hubspot, "in_sync")
		writes := x.pipedrive.stats().Writes
		none, wrong := "", base64.StdEncoding.EncodeToString(make([]byte, 32))
		good := delivery{
			url: x.webhook(), body: propertyChange(hubspot, "dealname", "Forged", time.Now()), at: time.Now(), secret: sandbox.HubSpotClientSecret,
		}
		for _, c := range []struct {
			name   string
			change func(d *delivery)
			want   int
		}{
			{"a bad signature", func(d *delivery) { d.signature = &wrong }, http.StatusUnauthorized},
			{"a signature that is no base64", func(d *delivery) { s := "!"; d.signature = &s }, http.StatusUnauthorized},
			{"a missing signature", func(d *delivery) { d.signature = &none }, http.StatusUnauthorized},
			{"another secret", func(d *delivery) { d.secret = "another" }, http.StatusUnauthorized},
			{"an old timestamp", func(d *delivery) { d.at = d.at.Add(-6 * time.Minute) }, http.StatusUnauthorized},
			{"more than 1 MiB", func(d *delivery) { d.body = "[" + strings.Repeat(" ", 1<<20) + "]" }, http.StatusRequestEntityTooLarge},
			{"an unknown token", func(d *delivery) { d.url += "x" }, http.StatusNotFound},
			{"an unknown connection", func(d *delivery) { d.url = strings.Replace(d.url, "hubspot-main", "other", 1) }, http.StatusNotFound},
			{"an unknown workspace", func(d *delivery) { d.url = strings.Replace(d.url, x.cli.workspace, "nobody", 1) }, http.StatusNotFound},
		} {
			d := good
			c.change(&d)
			if status, _, body := d.send(t); status != c.want {
				t.Errorf("%s: %d %s; want %d", c.name, status, body, c.want)
			}
		}
		// What is unknown is answered alike, whatever part of it exists.
		unknownToken, unknownConnection := good, good
		unknownToken.url += "x"
		unknownConnection.url = strings.Replace(good.url, "hubspot-main", "other", 1)
		_, _, first := unknownToken.send(t)
		if _, _, second := unknownConnection.send(t); first != second {
			t.Errorf("the answers tell which connections exist: %q, %q", first, second)
		}
		if now := x.pipedrive.stats().Writes; now != writes {
			t.Errorf("refused deliveries made %d writes", now-writes)
		}
		if n := len(x.parked()); n != 0 {
			t.Errorf("refused deliveries were stored: %d parked", n)
		}

		// A replay of a taken delivery is refused; the first one counted.
		once := good
		once.body = propertyChange(hubspot, "dealname", "Untouched", time.Now())
		if status, _, body := once.send(t); status != http.StatusAccepted {
			t.Fatalf("a good delivery: %d %s", status, body)
		}
		if status, _, body := once.send(t); status != http.StatusUnauthorized || !strings.Contains(body, "replayed") {
			t.Errorf("a replay: %d %s", status, body)
		}

		for _, garbage := range []string{"not JSON", `{"no": "list"}`, strings.Replace(propertyChange(hubspot, "dealname", "x", time.Now()), "object.propertyChange", "object.sang", 1)} {
			d := good
			d.body, d.at = garbage, time.Now()
			if status, _, body := d.send(t); status != http.StatusAccepted {
				t.Errorf("signed garbage %.20q: %d %s; want 202", garbage, status, body)
			}
		}
		x.eventually("the garbage is parked with its reasons", func() error { return x.parks(3) })
		for _, p := range x.parked() {
			if p.Code == "" || p.Error == "" {
				t.Errorf("parked without a reason: %+v", p)
			}
		}
		first0 := x.parked()[0]
		x.cli.do(nil, "parked", "replay", first0.ID)
		x.eventually("what is replayed and still bad is parked again", func() error {
			list := x.parked()
			if len(list) != 3 || list[2].ID == first0.ID || list[0].ID == first0.ID {
				return errorf("%+v", list)
			}
			return nil
		})
		x.hubspot.edit(hubspot, fields{"dealname": "Flows on"})
		x.holds(x.pipedrive, app, fields{"title": "Flows on"})
	})
}

// parkedMessage is one line of `dealsync get parked`.
type parkedMessage struct {
	ID    string `json:"id"`
	Code  string `json:"code"`
	Kind  string `json:"kind"`
	Error string `json:"error"`
}

func (x *tenant) parked() []parkedMessage {
	x.t.Helper()
	var out struct {
		Parked []parkedMessage `json:"parked"`
	}
	x.cli.do(&out, "get", "parked")
	return out.Parked
}

func (x *tenant) parks(n int) error {
	if list := x.parked(); len(list) != n {
		return errorf("%d parked, want %d: %+v", len(list), n, list)
	}
	return nil
}

// Wrong configuration is refused as a whole; nothing of it is applied.
func TestWrongConfigurationIsRefusedAsAWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := prepare(t, in, nil)
		right := x.documents()
		for _, c := range []struct{ name, old, new, says string }{
			{"an unknown key", "object: deal", "object: deal\n  colour: red", "colour"},
			{"an unknown stage", `hubspot: "qualifiedtobuy"`, `hubspot: "nosuchstage"`, "nosuchstage"},
			{"an unknown field", "hubspot: amount", "hubspot: nosuchfield", "nosuchfield"},
			{"a read-only field that is to be written", `{hubspot: amount, app: "value"}`, "{hubspot: closedate, app: add_time, direction: to_app}", "add_time"},
			{"a bad direction", "direction: both", "direction: sideways", "sideways"},
			{"a stage among the fields", "hubspot: amount", "hubspot: dealstage", "dealstage"},
			{"no YAML", "kind: Sync", "kind: [Sync", ""},
		} {
			if !strings.Contains(right, c.old) {
				t.Fatalf("%s: the documents have no %q", c.name, c.old)
			}
			a := x.cli.run(strings.Replace(right, c.old, c.new, 1), "apply", "-f", "-")
			if a.code != 4 || !strings.Contains(a.err, c.says) || !bytes.ContainsAny([]byte(a.err), "0123456789") {
				t.Errorf("%s: exit code %d, says %q", c.name, a.code, a.err)
			}
			if a := x.cli.run("", "get", "connections", "-o", "json"); a.code == 0 {
				var out struct {
					Connections []json.RawMessage `json:"connections"`
				}
				if err := json.Unmarshal([]byte(a.out), &out); err != nil || len(out.Connections) != 0 {
					t.Errorf("%s: something was applied: %s", c.name, a.out)
				}
			}
		}
		x.apply()
		x.connected()
	})
}
