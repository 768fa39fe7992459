package e2e

import (
	"strconv"
	"testing"
	"time"
)

// R13: what is there at activation syncs at once, with visible progress.
func TestR13_ExistingDealsCrossBothWays(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		const n = 60
		x := newTenant(t, in, nil, func(hubspot, pipedrive *crm) {
			hubspot.bulk(n, fields{"dealname": "H{{n}}", "amount": "{{n}}", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
			pipedrive.bulk(n, fields{"title": "A{{n}}", "value": "{{n}}", "stage_id": 1}, ago(time.Hour))
		})
		x.eventually("every deal has its counterpart", func() error { return x.paired(2 * n) })
		x.converged()
		for side, fill := range x.cli.backfills() {
			if !fill.Done || fill.Read != strconv.Itoa(n) || fill.Total != fill.Read {
				t.Errorf("progress of %s: %+v", side, fill)
			}
		}
		before := x.hubspot.stats().Writes + x.pipedrive.stats().Writes
		if before != 2*n {
			t.Errorf("%d writes for %d deals", before, 2*n)
		}
		x.cli.do(nil, "resync", "deals")
		x.sentinel()
		x.settled()
		if again := x.hubspot.stats().Writes + x.pipedrive.stats().Writes - x.sentinels; again != before {
			t.Errorf("reading everything again made %d writes", again-before)
		}
	})
}

// R13: a backfill can be paused; it goes on where it stopped, also after a
// restart in between.
func TestR13_ABackfillPausesAndResumesAcrossARestart(t *testing.T) {
	t.Parallel()
	const n, size = 200, 10
	in := alone(t, func(in *installation) error {
		return startAllInOneWith(in, "DEALSYNC_DETECT_PAGE_SIZE="+strconv.Itoa(size))
	})
	x := prepare(t, in, nil)
	x.hubspot.bulk(n, fields{"dealname": "H{{n}}", "amount": "{{n}}", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
	slow := x.hubspot.fault(map[string]any{"method": "GET", "path": "/crm/objects/", "mode": "latency", "latency_ms": 100})
	x.apply()
	progress := func() (backfill, int) {
		f := x.cli.backfills()["hubspot"]
		read, err := strconv.Atoi(f.Read)
		if f.Read != "" && err != nil {
			t.Fatal(err)
		}
		return f, read
	}
	x.eventually("some pages are read", func() error {
		if _, read := progress(); read < 3*size {
			return errorf("%d read", read)
		}
		return nil
	})
	x.cli.do(nil, "pause", "deals")
	x.eventually("the backfill has stopped", func() error {
		if f, read := progress(); !f.Paused || read >= n {
			return errorf("%+v", f)
		}
		return nil
	})
	stopped, read := progress()
	if err := in.procs[0].restart(); err != nil {
		t.Fatal(err)
	}
	in.awaitReady(t)
	if after, again := progress(); again != read || !after.Paused {
		t.Errorf("after the restart: %+v, it was %+v", after, stopped)
	}
	x.hubspot.faultOff(slow)
	x.cli.do(nil, "resume", "deals")
	x.eventually("the backfill is done", func() error {
		if f, _ := progress(); !f.Done {
			return errorf("%+v", f)
		}
		return nil
	})
	// Every record is counted once, so none was read again; the last page may be empty.
	if f, read := progress(); read != n || f.Pages > n/size+1 || f.Run != stopped.Run {
		t.Errorf("it did not go on where it stopped: %+v, stopped at %+v", f, stopped)
	}
	x.eventually("every deal has its counterpart", func() error { return x.paired(n) })
	x.converged()
}

// R14: duplicates are not merged; each eligible deal is created exactly once.
func TestR14_DuplicatesAreNotMerged(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x := newTenant(t, in, nil, func(hubspot, pipedrive *crm) {
			for range 2 {
				hubspot.create(fields{"dealname": "The same", "amount": "5", "dealstage": "qualifiedtobuy", "pipeline": "default"}, ago(time.Hour))
				pipedrive.create(fields{"title": "The same", "value": 5, "stage_id": 2}, ago(time.Hour))
			}
		})
		x.eventually("each has a counterpart of its own", func() error { return x.paired(4) })
		x.converged()
		if h, a := len(x.hubspot.dump()), len(x.pipedrive.dump()); h != 4 || a != 4 {
			t.Errorf("%d deals in HubSpot and %d in the app; want 4 and 4", h, a)
		}
	})
}
