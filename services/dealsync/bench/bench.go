// Package bench measures a whole installation: NATS, Redis, the API doubles and
// every service as processes of their own on this machine, on loopback
// addresses and in a temporary directory. It reports figures and never judges
// them; it ends only processes that it started.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// Options say how much to measure. Start from Defaults or Quick.
type Options struct {
	// Bin is the directory with the programs.
	Bin string
	// Pairs is how many pairs there are before anything is measured.
	Pairs int
	// Edits is how many edits a saturation run makes, and how many messages
	// cross the bus alone; at most half of Pairs, so that no deal is edited
	// twice in a run.
	Edits int
	// AlwaysEdits is the same at durability level always; 0 leaves that out.
	AlwaysEdits int
	// Load is how long webhooks are sent and edits made at a steady rate, each.
	Load time.Duration
	// Rate is how many edits a second the latency is measured at.
	Rate int
	// Deals, Contacts and Companies are how many of them each app has before its
	// first sync, half of contacts and companies in both. 0 deals leaves the first sync out.
	Deals, Contacts, Companies int
	// OnlyFirstSync leaves all the rest out.
	OnlyFirstSync bool
	// DeclaredLimits has the first sync keep the rate limits that the apps
	// declare, which takes long.
	DeclaredLimits bool
	// Profile is a directory for CPU profiles of the mixed run and of the first sync,
	// one for each service; none when empty.
	Profile string
	// Keep leaves logs and data behind.
	Keep bool
	// Progress hears what is going on.
	Progress io.Writer
}

// Defaults takes about eight minutes on two idle cores, half of them for the first
// sync.
func Defaults() Options {
	return Options{Pairs: 20_000, Edits: 5000, AlwaysEdits: 500, Load: 8 * time.Second, Rate: 100, Deals: 10_000, Contacts: 10_000, Companies: 2500, Progress: io.Discard}
}

// Quick takes about a minute on two idle cores.
func Quick() Options {
	return Options{Pairs: 2000, Edits: 1000, AlwaysEdits: 100, Load: 3 * time.Second, Rate: 100, Deals: 1000, Contacts: 1000, Companies: 250, Progress: io.Discard}
}

func (o Options) check() error {
	for _, n := range []struct {
		name  string
		value int
	}{{"edits", o.Edits}, {"always-edits", o.AlwaysEdits}} {
		if 2*n.value > o.Pairs {
			return fmt.Errorf("%s: %d needs at least %d pairs, not %d", n.name, n.value, 2*n.value, o.Pairs)
		}
	}
	if o.Edits < 2 || o.Rate < 1 || o.Rate > 1000 || o.Load < time.Second {
		return fmt.Errorf("edits, rate and load must be at least 2, 1 to 1000 and 1s")
	}
	return o.population().check()
}

func (o *Options) population() population { return population{o.Deals, o.Contacts, o.Companies} }

// limit ends a run that is stuck, whatever it waits for.
const limit = 20 * time.Minute

// Run measures and returns the report. What it started has ended when it
// returns, also when ctx ends before.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "dealsync-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the run: %w", err)
	}
	if o.Keep {
		fmt.Fprintln(o.Progress, "logs and data stay in", dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	b := &run{Options: o, dir: dir, report: &Report{}}
	if b.nats, err = natsServer(ctx, o.Bin, dir); err != nil {
		return nil, err
	}
	if !o.OnlyFirstSync {
		if err := b.interval(ctx); err != nil {
			return nil, fmt.Errorf("at durability interval: %w", err)
		}
	}
	if o.Deals > 0 {
		if err := b.firstSync(ctx); err != nil {
			return nil, fmt.Errorf("first sync: %w", err)
		}
	}
	if o.AlwaysEdits > 0 && !o.OnlyFirstSync {
		if err := b.always(ctx); err != nil {
			return nil, fmt.Errorf("at durability always: %w", err)
		}
	}
	return b.report, nil
}

// run is one benchmark under way.
type run struct {
	Options
	dir, nats string
	report    *Report
	values    int64 // the last value that an edit set; each is set once
}

func (b *run) say(format string, args ...any) {
	fmt.Fprintf(b.Progress, "%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}

// interval measures everything at the default durability.
func (b *run) interval(ctx context.Context) (err error) {
	in, err := b.install(ctx, site{"edits", "interval", noLimit}, b.Pairs)
	if in != nil {
		defer in.end()
	}
	if err != nil {
		return err
	}
	r := b.report
	r.Seed = in.seeded
	for _, s := range []struct {
		name string
		into *Saturation
		make func(n int) [2][]edit
	}{
		{"hubspot to pipedrive", &r.ToApp, func(n int) [2][]edit { return b.edits(in, n, 0) }},
		{"pipedrive to hubspot", &r.ToHubSpot, func(n int) [2][]edit { return b.edits(in, 0, n) }},
		{"both ways at once", &r.Mixed, func(n int) [2][]edit { return b.edits(in, n/2, n-n/2) }},
	} {
		b.say("saturation, %s: %d edits", s.name, b.Edits)
		var profiling func() error
		if s.into == &r.Mixed && b.Profile != "" {
			profiling = in.profile(ctx, b.Profile, profileEdits)
		}
		if *s.into, err = in.saturate(ctx, s.make(b.Edits)); err != nil {
			return fmt.Errorf("saturation, %s: %w", s.name, err)
		}
		if profiling != nil {
			if err := profiling(); err != nil {
				return err
			}
		}
	}
	b.say("latency at %d edits/s for %s", b.Rate, b.Load)
	if r.Latency, err = in.latency(ctx, b); err != nil {
		return fmt.Errorf("latency: %w", err)
	}
	b.say("webhooks for %s", b.Load)
	if err := b.ingest(ctx, in); err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	in.end()
	b.say("the bus alone: %d messages over %d hops", b.Edits, hops)
	r.Bus, err = b.busAlone(ctx, "interval", b.Edits)
	return err
}

// always measures what changes with every acknowledgement synced to disk.
func (b *run) always(ctx context.Context) error {
	in, err := b.install(ctx, site{"always", "always", noLimit}, 2*b.AlwaysEdits)
	if in != nil {
		defer in.end()
	}
	if err != nil {
		return err
	}
	b.say("saturation at always, both ways at once: %d edits", b.AlwaysEdits)
	half := b.AlwaysEdits / 2
	if b.report.Always.Mixed, err = in.saturate(ctx, b.edits(in, half, b.AlwaysEdits-half)); err != nil {
		return fmt.Errorf("saturation: %w", err)
	}
	in.end()
	b.say("the bus alone at always: %d messages", b.AlwaysEdits)
	b.report.Always.Bus, err = b.busAlone(ctx, "always", b.AlwaysEdits)
	return err
}
