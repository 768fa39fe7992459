package detect

import "time"

// Config of the change-detector.
type Config struct {
	Parallel     int           `yaml:"parallel" env:"DEALSYNC_DETECT_PARALLEL" desc:"Records of one connection that are worked on at once, in each lane."`
	PageSize     int           `yaml:"page_size" env:"DEALSYNC_DETECT_PAGE_SIZE" desc:"Records asked for in one page of a poll or backfill; the app may give fewer. 0 is the app's own default."`
	Overlap      time.Duration `yaml:"poll_overlap" env:"DEALSYNC_POLL_OVERLAP" desc:"How far a poll reaches back behind the end of the last one."`
	CatchUp      time.Duration `yaml:"catch_up" env:"DEALSYNC_CATCH_UP" desc:"How far the first poll after a start reaches back; it covers what the bus may have lost with the power."`
	Tick         time.Duration `yaml:"tick" env:"DEALSYNC_SCHEDULER_TICK" desc:"How often the scheduler looks for due work."`
	LeaseTTL     time.Duration `yaml:"lease_ttl" env:"DEALSYNC_SCHEDULER_LEASE" desc:"How long a dead scheduler's place stays empty."`
	StallAfter   time.Duration `yaml:"stall_after" env:"DEALSYNC_SCAN_STALL_AFTER" desc:"A poll or backfill without progress for this long is taken up again at its saved page."`
	Settle       time.Duration `yaml:"settle" env:"DEALSYNC_SETTINGS_SETTLE" desc:"Time for changed settings to reach every replica before records are offered again under them."`
	Resubscribe  time.Duration `yaml:"resubscribe" env:"DEALSYNC_RESUBSCRIBE" desc:"How often webhook subscriptions are checked; apps drop those that failed for long."`
	RefreshBatch int           `yaml:"refresh_batch" env:"DEALSYNC_REFRESH_BATCH" desc:"Records that one message offers again."`
}

// Defaults runs.
func Defaults() Config {
	return Config{
		Parallel: 64, Overlap: 5 * time.Second, CatchUp: time.Minute, Tick: time.Second,
		LeaseTTL: 5 * time.Second, StallAfter: 30 * time.Second, Settle: 2 * time.Second,
		Resubscribe: 10 * time.Minute, RefreshBatch: 100,
	}
}

// withDefaults fills what a caller left out and must not be zero.
func (c Config) withDefaults() Config {
	d := Defaults()
	for _, v := range []struct{ p, d *time.Duration }{
		{&c.Tick, &d.Tick}, {&c.LeaseTTL, &d.LeaseTTL}, {&c.StallAfter, &d.StallAfter}, {&c.Resubscribe, &d.Resubscribe},
	} {
		if *v.p <= 0 {
			*v.p = *v.d
		}
	}
	if c.Parallel <= 0 {
		c.Parallel = d.Parallel
	}
	if c.RefreshBatch <= 0 {
		c.RefreshBatch = d.RefreshBatch
	}
	return c
}
