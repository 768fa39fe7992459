package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// kills is how often each of the three services is killed.
const kills = 10

// N1, N2, N3: writer, resolver and detector are killed again and again while
// people edit and create deals on both sides. Nothing is lost, nothing doubled,
// and in the end both sides are equal.
func TestCrash_KillsUnderLoadLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	in := alone(t, startSeparate)
	x := newTenant(t, in, nil, nil)
	load := newLoad(x)
	load.prepare(10)

	killed := make(chan error, 1)
	go func() { killed <- killInTurn(in, load) }()
	if err := load.run(killed); err != nil {
		t.Fatal(err)
	}
	in.awaitReady(t)
	total := len(load.hubspot) + len(load.app)
	t.Logf("%d edits and %d deals while %d programs were killed", load.edits.Load(), total, 3*kills)
	x.eventually("every deal has its counterpart", func() error { return x.paired(total) })
	x.settled()
	x.converged()
	if h, a := len(x.hubspot.dump()), len(x.pipedrive.dump()); h != total || a != total {
		t.Errorf("%d deals in HubSpot and %d in the app; want %d", h, a, total)
	}
	if n := len(x.parked()); n != 0 {
		t.Errorf("%d messages are parked: %+v", n, x.parked())
	}
}

// killInTurn kills one replica after the other, each in the midst of work.
func killInTurn(in *installation, l *load) error {
	for round := range kills {
		for _, name := range []string{"writer", "conflict-resolver", "change-detector"} {
			if err := l.progress(); err != nil {
				return err
			}
			victims := in.of(name)
			if err := victims[round%len(victims)].restart(); err != nil {
				return err
			}
		}
	}
	return nil
}

// load is people who edit and create deals on both sides.
type load struct {
	x            *tenant
	dice         *rand.Rand
	hubspot, app []int64 // deals that were born there
	other        map[int64]int64
	edits        atomic.Int64
}

func newLoad(x *tenant) *load {
	return &load{x: x, dice: rand.New(rand.NewPCG(7, 7)), other: map[int64]int64{}}
}

// prepare makes some pairs whose both sides are edited later.
func (l *load) prepare(n int) {
	for i := range n {
		l.hubspot = append(l.hubspot, l.x.hubspot.create(fields{"dealname": fmt.Sprint("Pair ", i), "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}))
	}
	for _, id := range l.hubspot {
		l.other[id] = l.x.counterpart(id)
	}
}

// run edits at a steady pace until something comes from done, and returns that.
func (l *load) run(done <-chan error) error {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	paired := len(l.hubspot)
	for i := 0; ; i++ {
		select {
		case err := <-done:
			return err
		case <-tick.C:
		}
		l.edits.Add(1)
		switch id := l.hubspot[l.dice.IntN(paired)]; l.dice.IntN(8) {
		case 0:
			l.hubspot = append(l.hubspot, l.x.hubspot.create(fields{"dealname": fmt.Sprint("Born in HubSpot ", i), "amount": "1", "dealstage": "qualifiedtobuy", "pipeline": "default"}))
		case 1:
			l.app = append(l.app, l.x.pipedrive.create(fields{"title": fmt.Sprint("Born in the app ", i), "value": 2, "stage_id": 1}))
		case 2:
			l.x.hubspot.edit(id, fields{"dealname": fmt.Sprint("As of ", i)})
		case 3:
			l.x.hubspot.edit(id, fields{"amount": fmt.Sprint(i)})
		case 4:
			l.x.hubspot.do(id, "stage", l.x.spec.Stages[l.dice.IntN(4)][0])
		case 5:
			l.x.pipedrive.edit(l.other[id], fields{"title": fmt.Sprint("As of ", i)})
		case 6:
			l.x.pipedrive.edit(l.other[id], fields{"value": i})
		case 7:
			l.x.pipedrive.do(l.other[id], "stage", l.x.spec.Stages[l.dice.IntN(4)][1])
		}
	}
}

// progress waits for some more edits, and until some of them have arrived or
// the pipeline has had time to take a dead owner's work over: a kill must hit
// work that is going on.
func (l *load) progress() error {
	writes := func() (int, error) {
		var h, a stats
		err := errors.Join(l.x.hubspot.try(http.MethodGet, "/stats", nil, &h), l.x.pipedrive.try(http.MethodGet, "/stats", nil, &a))
		return h.Writes + a.Writes, err
	}
	made := l.edits.Load()
	before, err := writes()
	for err == nil && l.edits.Load() < made+60 {
		var now int
		if now, err = writes(); now > before && l.edits.Load() >= made+15 {
			return err
		}
		<-time.After(10 * time.Millisecond)
	}
	return err
}
