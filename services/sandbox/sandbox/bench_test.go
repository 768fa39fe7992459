package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// bench starts a sandbox whose webhooks go to a receiver that only counts.
func bench(b *testing.B) (s *sandbox.Sandbox, client *http.Client, hook string, received *atomic.Int64) {
	b.Helper()
	received = &atomic.Int64{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		received.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	cfg := sandbox.Defaults()
	cfg.HubSpotAddr, cfg.PipedriveAddr, cfg.SimpleAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	s = sandbox.New(cfg)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	<-s.Ready()
	client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.Cleanup(func() {
		client.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		srv.Close()
	})
	return s, client, srv.URL, received
}

func send(b *testing.B, client *http.Client, method, url string, head map[string]string, body string) []byte {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	for k, v := range head {
		req.Header.Set(k, v)
	}
	res, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 {
		b.Fatalf("%s %s: %d %v %s", method, url, res.StatusCode, err, raw)
	}
	return raw
}

func seed(b *testing.B, client *http.Client, base string, count int, fields string) []int64 {
	b.Helper()
	var out struct {
		IDs []int64 `json:"ids"`
	}
	raw := send(b, client, "POST", base+"/_sandbox/records/deals/bulk", nil, fmt.Sprintf(`{"count":%d,"fields":%s,"silent":true}`, count, fields))
	if err := json.Unmarshal(raw, &out); err != nil {
		b.Fatal(err)
	}
	return out.IDs
}

const benchDeals = 20_000

// BenchmarkHubSpotBatchUpdate writes 100 deals a call, each with a webhook event.
func BenchmarkHubSpotBatchUpdate(b *testing.B) {
	s, client, hook, received := bench(b)
	ids := seed(b, client, s.HubSpotURL(), benchDeals, `{"dealname":"D {{n}}","amount":"1","dealstage":"appointmentscheduled"}`)
	send(b, client, "PUT", s.HubSpotURL()+"/_sandbox/settings", nil, `{"webhooks":{"targetUrl":"`+hook+`","subscriptions":[{"subscriptionType":"deal.propertyChange","propertyName":"amount"}]}}`)
	n := 0
	for b.Loop() {
		var rows []string
		for range 100 {
			n++
			rows = append(rows, fmt.Sprintf(`{"id":"%d","properties":{"amount":"%d"}}`, ids[n%len(ids)], n+1))
		}
		send(b, client, "POST", s.HubSpotURL()+deals+"/batch/update", bearer, `{"inputs":[`+strings.Join(rows, ",")+`]}`)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "writes/s")
	b.ReportMetric(float64(received.Load())/b.Elapsed().Seconds(), "webhooks/s")
}

// BenchmarkPipedriveUpdate writes one deal a call, from several callers, each with a webhook.
func BenchmarkPipedriveUpdate(b *testing.B) {
	s, client, hook, received := bench(b)
	seed(b, client, s.PipedriveURL(), benchDeals, `{"title":"D {{n}}","value":1}`)
	send(b, client, "POST", s.PipedriveURL()+"/api/v1/webhooks", apiKey, `{"subscription_url":"`+hook+`","event_action":"*","event_object":"deal","name":"b"}`)
	var n atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			send(b, client, "PATCH", fmt.Sprintf("%s%s/%d", s.PipedriveURL(), pdDeals, i%benchDeals+1), apiKey, fmt.Sprintf(`{"value":%d}`, i+1))
		}
	})
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "writes/s")
	b.ReportMetric(float64(received.Load())/b.Elapsed().Seconds(), "webhooks/s")
}

// BenchmarkIncrementalPoll reads what changed lately among many deals.
func BenchmarkIncrementalPoll(b *testing.B) {
	s, client, _, _ := bench(b)
	seed(b, client, s.PipedriveURL(), 100_000, `{"title":"D {{n}}"}`)
	for b.Loop() {
		send(b, client, "GET", s.PipedriveURL()+pdDeals+"?limit=500&sort_by=update_time&updated_since=2100-01-01T00:00:00Z", apiKey, "")
	}
}

// BenchmarkSeed makes 5,000 companies, 20,000 contacts and 20,000 deals with
// their associations in each double.
func BenchmarkSeed(b *testing.B) {
	s, client, _, _ := bench(b)
	bulk := func(base, object, body string) {
		send(b, client, "POST", base+"/_sandbox/records/"+object+"/bulk", nil, body)
	}
	for b.Loop() {
		hub, pipe := s.HubSpotURL(), s.PipedriveURL()
		for _, base := range []string{hub, pipe} {
			send(b, client, "POST", base+"/_sandbox/reset", nil, "")
		}
		bulk(hub, "companies", `{"count":5000,"fields":{"name":"C {{n}}","domain":"c{{n}}.example"},"silent":true}`)
		bulk(hub, "contacts", `{"count":20000,"fields":{"email":"p{{n}}@c.example"},"associate":{"companies":{"first":600000000001,"count":5000}},"silent":true}`)
		bulk(hub, "deals", `{"count":20000,"fields":{"dealname":"D {{n}}","amount":"{{n}}"},"associate":{"contacts":{"first":500000000001,"count":20000},"companies":{"first":600000000001,"count":5000}},"silent":true}`)
		bulk(pipe, "organizations", `{"count":5000,"fields":{"name":"C {{n}}"},"silent":true}`)
		bulk(pipe, "persons", `{"count":20000,"fields":{"name":"P {{n}}"},"cycle":{"org_id":{"first":1,"count":5000}},"silent":true}`)
		bulk(pipe, "deals", `{"count":20000,"fields":{"title":"D {{n}}"},"cycle":{"person_id":{"first":1,"count":20000},"org_id":{"first":1,"count":5000}},"silent":true}`)
	}
}
