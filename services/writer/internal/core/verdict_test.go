package core_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/services/writer/internal/core"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	of := func(k fault.Kind) error { return fault.New(k, "x", "x") }
	for name, c := range map[string]struct {
		err  error
		want core.Verdict
	}{
		"no error is done":                         {nil, core.Done},
		"a refused value ends the write":           {of(fault.Rejected), core.Refused},
		"a value that the app calls taken ends it": {of(fault.Conflict), core.Refused},
		"a record that is not there is gone":       {of(fault.NotFound), core.Gone},
		"a rate limit is no verdict":               {of(fault.RateLimited), core.Again},
		"a lost connection is no verdict":          {of(fault.Transient), core.Again},
		"revoked credentials are no verdict":       {of(fault.Auth), core.Again},
		"an error that nobody classified is not":   {errors.New("x"), core.Again},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := core.Judge(c.err); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestNextStepNeverMakesASecondRecord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		intended bool
		record   string
		want     core.Step
	}{
		"the first try notes its intent":           {false, "", core.Intend},
		"a repeated try looks first":               {true, "", core.Look},
		"a try whose record is known only answers": {true, "17", core.Answer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := core.NextStep(c.intended, c.record); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestHoldsTakesTheAppsWordOverOurs(t *testing.T) {
	t.Parallel()
	got := core.Holds(deal.Fields{"title": " A ", "value": "1"}, deal.Fields{"title": "A", "owner": "3"})
	if want := (deal.Fields{"title": "A", "value": "1"}); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
