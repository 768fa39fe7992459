package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dealsync/dealsync/libs/connector/hubspot"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// senders is how many webhooks are under way at once; HubSpot's default is ten.
const senders = 10

// fullWebhooks bounds the flood: each of its 30,000 events is work for the whole
// pipeline, because an event older than what is known has it told once more.
const (
	fullWebhooks = 300
	unlimited    = math.MaxInt
)

// ingest measures how webhooks are taken, as fast as ten senders can: of one
// event each, the same while Pipedrive refuses every call and a backlog of edits
// for it waits, and of a hundred events each. Detector and mapper work on what
// is taken meanwhile, on the same cores. Memory is looked at before the last,
// which is a flood, and after it.
func (b *run) ingest(ctx context.Context, in *installation) error {
	url, err := in.webhookURL(ctx)
	if err != nil {
		return err
	}
	w := &webhooks{url: url, deals: in.numbers[hub][1:]}
	if b.report.Ingest, err = b.flood(ctx, in, w, 1, unlimited); err != nil {
		return err
	}
	if err := in.crm[app].down(ctx, true); err != nil {
		return err
	}
	if err := in.makeAll(ctx, b.edits(in, b.Edits/2, 0)); err != nil {
		return err
	}
	if b.report.IngestDown, err = w.send(ctx, b.Load/2, 1, unlimited); err != nil {
		return err
	}
	if err := in.crm[app].down(ctx, false); err != nil {
		return err
	}
	b.say("  waiting until the backlog is worked off")
	if err := in.settled(ctx); err != nil {
		return err
	}
	b.report.RSS = in.peaks()
	b.report.IngestFull, err = b.flood(ctx, in, w, 100, fullWebhooks)
	b.report.RSSFlood = in.peaks()
	return err
}

// flood sends webhooks and waits until the pipeline has worked them off.
func (b *run) flood(ctx context.Context, in *installation, w *webhooks, events, most int) (Ingest, error) {
	taken, err := w.send(ctx, b.Load/2, events, most)
	if err != nil {
		return taken, err
	}
	b.say("  waiting until %d webhooks of %d events are worked off", taken.Webhooks, events)
	return taken, in.settled(ctx)
}

func (in *installation) webhookURL(ctx context.Context) (string, error) {
	resp, err := in.admin.ListConnections(ctx, &configv1.ListConnectionsRequest{Workspace: "bench"})
	if err != nil {
		return "", fmt.Errorf("ask for the webhook address: %w", err)
	}
	for _, c := range resp.GetConnections() {
		if c.GetApp() == "hubspot" {
			return c.GetWebhookUrl(), nil
		}
	}
	return "", fmt.Errorf("ask for the webhook address: no HubSpot connection")
}

// webhooks sends signed HubSpot webhooks. Their events are real ones of real
// deals, an hour old: they change nothing in the end, which is found out.
type webhooks struct {
	url   string
	deals []int64
	sent  atomic.Int64
}

// send sends for d, but no more than so many.
func (w *webhooks) send(ctx context.Context, d time.Duration, events, most int) (Ingest, error) {
	end := time.Now().Add(d)
	var sent atomic.Int64
	var wg sync.WaitGroup
	took := make([][]time.Duration, senders)
	failed := make([]error, senders)
	start := time.Now()
	for i := range senders {
		wg.Go(func() {
			for time.Now().Before(end) && sent.Add(1) <= int64(most) && failed[i] == nil {
				var t time.Duration
				if t, failed[i] = w.one(ctx, events); failed[i] == nil {
					took[i] = append(took[i], t)
				}
			}
		})
	}
	wg.Wait()
	spent := time.Since(start)
	var all []time.Duration
	for i := range senders {
		if failed[i] != nil {
			return Ingest{}, failed[i]
		}
		all = append(all, took[i]...)
	}
	return Ingest{
		Webhooks: len(all), Events: events, PerSecond: round(float64(len(all)) / spent.Seconds()), Quantiles: quantiles(all),
	}, nil
}

// one sends a webhook and tells how long its answer took.
func (w *webhooks) one(ctx context.Context, events int) (time.Duration, error) {
	body := w.body(events)
	stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make webhook: %w", err)
	}
	req.Header = http.Header{
		"Content-Type":                {"application/json"},
		"X-Hubspot-Signature-V3":      {hubspot.Sign(sandbox.HubSpotClientSecret, http.MethodPost, w.url, stamp, body)},
		"X-Hubspot-Request-Timestamp": {stamp},
	}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("send webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	if resp.StatusCode != http.StatusAccepted {
		return 0, fmt.Errorf("send webhook: %s", resp.Status)
	}
	return time.Since(start), nil
}

func (w *webhooks) body(events int) []byte {
	b := make([]byte, 0, 340*events)
	b = append(b, '[')
	for i := range events {
		if i > 0 {
			b = append(b, ',')
		}
		n := w.sent.Add(1)
		b = fmt.Appendf(b, `{"eventId":%d,"subscriptionId":6547101,"portalId":%d,"appId":%d,"occurredAt":%d,"subscriptionType":"object.propertyChange",`+
			`"objectId":%d,"objectTypeId":"0-3","propertyName":"amount","propertyValue":"%d","changeSource":"CRM_UI","sourceId":"userId:9586501","attemptNumber":0}`,
			n, sandbox.HubSpotPortal, sandbox.HubSpotAppID, time.Now().Add(-time.Hour).UnixMilli(), w.deals[n%int64(len(w.deals))], n)
	}
	return append(b, ']')
}
