package detect

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/ledger"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

// BenchmarkWebhook handles deliveries of one event each, of known records: one
// cached copy, one publish, one compare-and-swap for each edit.
func BenchmarkWebhook(b *testing.B) { benchmarkWebhook(b, 1) }

// BenchmarkWebhookOf100 handles deliveries of a hundred events of as many records.
func BenchmarkWebhookOf100(b *testing.B) { benchmarkWebhook(b, 100) }

func benchmarkWebhook(b *testing.B, events int) {
	bs := bustest.New(b).Bus()
	led, err := ledger.Open(b.Context(), bs.JetStream(), ledger.Config{})
	if err != nil {
		b.Fatalf("open ledger: %v", err)
	}
	s, err := New(Defaults(), Deps{Bus: bs, Records: led.Records, Cursors: led.Cursors, Settings: newSettings(), Apps: newApp()})
	if err != nil {
		b.Fatalf("new: %v", err)
	}
	const records = 1000
	for i := range records {
		doc := &ledgerv1.Record{Complete: true, Fields: map[string]*eventv1.Field{}}
		for f := range 10 {
			doc.Fields[fmt.Sprint("field", f)] = &eventv1.Field{Value: "value", EditedMs: 1}
		}
		if _, err := led.Records.Put(b.Context(), ledger.RecordKey("acme", "pd", "deal", fmt.Sprint(i)), doc, 0); err != nil {
			b.Fatalf("hold: %v", err)
		}
	}
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for {
			var all []connector.Event
			for len(all) < events && pb.Next() {
				i := n.Add(1)
				all = append(all, connector.Event{
					Object: deal.Deals, ID: fmt.Sprint(i % records), At: at(int(i)), Partial: true, Fields: deal.Fields{"title": fmt.Sprint(i)},
				})
			}
			if len(all) == 0 {
				return
			}
			body, _ := json.Marshal(all)
			notice := &eventv1.Notice{
				Workspace: "acme", Connection: "pd", Kind: &eventv1.Notice_Webhook{Webhook: &eventv1.Webhook{Body: body}},
			}
			m, err := event.Notice(notice, deal.Deals, bus.Live, "k", "k")
			if err == nil {
				err = s.handle(context.Background(), &bus.Delivery{Message: m, Attempt: 1})
			}
			if err != nil {
				b.Errorf("handle: %v", err)
			}
		}
	})
}
