package e2e

import (
	"strconv"
	"testing"
	"time"
)

// progress is what the command line tells of how far a sync is.
type progress struct {
	Phase   string `json:"phase"`
	Read    int    `json:"read,string"`
	Total   int    `json:"total,string"`
	Pending int    `json:"pending,string"`
	LeftMs  int    `json:"left_ms,string"`
}

// progress tells how far the deals' sync is.
func (x *tenant) progress() progress {
	x.t.Helper()
	var out struct {
		Progress progress `json:"progress"`
	}
	x.cli.do(&out, "describe", "sync", "deals")
	return out.Progress
}

// R13: a backfill shows counts and the time left while it runs; another one reads
// every record again, and writes nothing when nothing changed.
func TestR13_ABackfillShowsProgressAndRepeatsWithoutWrites(t *testing.T) {
	t.Parallel()
	const n, size = 100, 10
	in := alone(t, func(in *installation) error {
		return startAllInOneWith(in, "DEALSYNC_DETECT_PAGE_SIZE="+strconv.Itoa(size))
	})
	x := prepare(t, in, nil)
	x.hubspot.bulk(n, fields{"dealname": "H{{n}}", "amount": "{{n}}", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
	x.pipedrive.bulk(n, fields{"title": "A{{n}}", "value": "{{n}}", "stage_id": 1}, ago(time.Hour))
	slow := x.hubspot.fault(map[string]any{"method": "GET", "path": "/crm/objects/", "mode": "latency", "latency_ms": 200})
	x.apply()
	x.eventually("counts and the time left are shown", func() error {
		p := x.progress()
		if p.Phase == "" || p.Phase == "done" || p.Read == 0 || p.LeftMs == 0 {
			return errorf("%+v", p)
		}
		return nil
	})
	x.hubspot.faultOff(slow)
	x.connected()
	x.eventually("every deal has its counterpart", func() error { return x.paired(2 * n) })
	x.settled()
	x.eventually("it is shown as done", func() error { // what we made while it ran is read as well
		if p := x.progress(); p.Phase != "done" || p.Read < 2*n || p.Total != p.Read || p.Pending != 0 || p.LeftMs != 0 {
			return errorf("%+v", p)
		}
		return nil
	})
	writes, runs := x.hubspot.stats().Writes+x.pipedrive.stats().Writes, x.cli.backfills()

	x.cli.do(nil, "backfill", "deals")
	x.eventually("all is read again", func() error {
		for side, f := range x.cli.backfills() {
			if !f.Done || f.Run == runs[side].Run {
				return errorf("%s: %+v, was %+v", side, f, runs[side])
			}
		}
		return nil
	})
	x.settled()
	x.converged()
	if again := x.hubspot.stats().Writes + x.pipedrive.stats().Writes - writes; again != 0 {
		t.Errorf("the same backfill again made %d writes", again)
	}
}
