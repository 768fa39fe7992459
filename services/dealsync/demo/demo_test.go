package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listen chooses free addresses for everything that the demo starts.
func listen(t *testing.T) map[string]string {
	t.Helper()
	addrs := map[string]string{}
	for _, variable := range []string{
		"DEALSYNC_INGEST_ADDR", "DEALSYNC_CONFIG_LISTEN", "DEALSYNC_HEALTH_ADDR", "SANDBOX_HUBSPOT_ADDR", "SANDBOX_PIPEDRIVE_ADDR", "SANDBOX_SIMPLE_ADDR",
	} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		addrs[variable] = l.Addr().String()
		t.Setenv(variable, l.Addr().String())
	}
	// The demo sets these itself, for the whole process.
	for _, variable := range []string{"DEALSYNC_CONFIG_ADDR", "DEALSYNC_PUBLIC_URL", "DEALSYNC_KEY", "NATS_URL", "REDIS_URL"} {
		t.Setenv(variable, "")
	}
	return addrs
}

func TestTheDemoEndsWithBothAccountsEqual(t *testing.T) {
	listen(t)
	var log, told bytes.Buffer
	installation, err := Start(t.Context(), t.TempDir(), &log)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), installation.Place, Options{Deals: 64, Out: &told})
	var next bytes.Buffer
	PlayOn(&next, installation.Place, "dealsync")
	if stopped := installation.Stop(); stopped != nil {
		t.Errorf("stop: %v", stopped)
	}
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, told.String(), log.String())
	}
	if err := report.Check(); err != nil {
		t.Errorf("%v\n%s", err, told.String())
	}
	plausible(t, report)
	for _, part := range []string{"left over", "ambiguous_match", "planned / done", "Why?", "hubspot wins", "edits lost", "second backfill  0 writes"} {
		if !strings.Contains(told.String(), part) {
			t.Errorf("the demo does not tell of %q:\n%s", part, told.String())
		}
	}
	if strings.Contains(next.String(), "deals/0") {
		t.Errorf("the commands to play on name no deal:\n%s", next.String())
	}
}

// plausible holds the figures to what the script does.
func plausible(t *testing.T, r *Report) {
	t.Helper()
	var raw bytes.Buffer
	if err := r.Write(&raw); err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(raw.Bytes(), &keys); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"associations", "conflicts", "echoes", "excluded", "held", "latency_ms", "lost", "objects", "plan", "second_backfill", "writes_per_edit",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(keys))); diff != "" {
		t.Errorf("keys of the report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"app": 1, "hubspot": 1}, r.Conflicts.Verdicts); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	for _, reason := range []string{"filter", "stage_not_mapped", "deleted_in_app"} {
		if r.Excluded[reason] == 0 {
			t.Errorf("nothing is excluded by %s: %v", reason, r.Excluded)
		}
	}
	if diff := cmp.Diff(map[string]int{"ambiguous_match": len(ambiguous)}, r.Held); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	// Updates may be more: an association that comes after its record is one.
	planned, done := r.Plan.Planned, r.Plan.Done
	if done.Creates != planned.Creates || done.Associations != planned.Associations || done.Updates < planned.Updates {
		t.Errorf("planned %+v, done %+v", planned, done)
	}
	for k, least := range map[*kind]int{companies: 8, contacts: 72, deals: 64} {
		if o := r.Objects[k.many()]; o.Created < least || o.Updated == 0 {
			t.Errorf("%s: %+v", k.many(), o)
		}
	}
	if r.Associations.Made <= planned.Associations || r.Again.Read < 400 {
		t.Errorf("%+v, second backfill %+v", r.Associations, r.Again)
	}
	if r.Echoes == 0 || r.WritesPerEdit <= 0 || r.WritesPerEdit > 1.5 || r.Latency.P50 <= 0 || r.Latency.P99 < r.Latency.P50 {
		t.Errorf("figures that cannot be: %+v", r)
	}
}

func TestATakenAddressNamesTheVariableThatChoosesAnother(t *testing.T) {
	addrs := listen(t)
	for _, variable := range []string{"DEALSYNC_CONFIG_LISTEN", "SANDBOX_PIPEDRIVE_ADDR"} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addrs[variable])
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
	}
	_, err := Start(t.Context(), t.TempDir(), io.Discard)
	if err == nil {
		t.Fatal("started on addresses that are taken")
	}
	for variable, addr := range addrs {
		taken := variable == "DEALSYNC_CONFIG_LISTEN" || variable == "SANDBOX_PIPEDRIVE_ADDR"
		if strings.Contains(err.Error(), variable) != taken || strings.Contains(err.Error(), addr+":") != taken {
			t.Errorf("%s (taken: %v) in: %v", variable, taken, err)
		}
	}
}

func TestBarsAreLinesWhereNothingCanBeRedrawn(t *testing.T) {
	t.Parallel()
	for _, redraw := range []bool{false, true} {
		var out bytes.Buffer
		p := &printer{w: &out, redraw: redraw}
		b := p.bars(bar{label: "to the app", total: 4})
		b.show(2)
		b.show(3)
		b.show(4)
		b.end()
		if escapes := strings.Contains(out.String(), "\x1b"); escapes != redraw {
			t.Errorf("redraw %v: %q", redraw, out.String())
		}
		if !strings.HasSuffix(out.String(), "["+strings.Repeat("#", barWidth)+"]    4 of 4\n") {
			t.Errorf("redraw %v: the last state is not left on the screen: %q", redraw, out.String())
		}
	}
}
