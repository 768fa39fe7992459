package bus

import (
	"time"

	"github.com/dealsync/dealsync/libs/fault"
)

// Durability names what survives what.
type Durability string

const (
	// Interval syncs to disk every second: no process kill loses an accepted
	// message; a power cut may lose the last second.
	Interval Durability = "interval"
	// Always syncs before every acknowledgement; about eight times slower.
	Always Durability = "always"
	// Replicated keeps three copies on three servers.
	Replicated Durability = "replicated"
)

// Config says how streams are kept and how they are consumed. The zero value
// is a sound setting for one embedded server.
type Config struct {
	// Durability is interval, always or replicated. The bus itself only needs to
	// know about replicas; syncing is the server's setting.
	Durability Durability
	// Partitions per stage stream: 1 to 4 embedded, 8 in a cluster. Zero keeps
	// what the stream has, or makes 2.
	Partitions int
	// LeaseTTL is how long a dead owner's partitions wait for another; at least 1s.
	LeaseTTL time.Duration
	// LiveWindow and BulkWindow are how many messages of a partition are in hand
	// at once, per lane.
	LiveWindow, BulkWindow int
	// StageBytes, JournalBytes and ParkedBytes are the size limits of the
	// streams. They are reserved up front by the server.
	StageBytes, JournalBytes, ParkedBytes int64
	// MaxMessage is the largest message in bytes, headers included.
	MaxMessage int32
	// JournalAge and ParkedAge are how long those streams keep a message.
	JournalAge, ParkedAge time.Duration
	// GiveUpAfter is the age at which a message that is still failing is parked,
	// after at least a twenty-fourth of that time in one owner's hands.
	GiveUpAfter time.Duration
	// DrainTimeout is how long handlers may finish their work when Consume ends,
	// before their context is cancelled.
	DrainTimeout time.Duration
	// StallAfter is how long a partition with pending messages may deliver
	// nothing before its consumers are made anew.
	StallAfter time.Duration
	// PublishTimeout bounds the wait for the server's answer.
	PublishTimeout time.Duration
	// PublishWindow is how many messages of PublishAll are under way at once.
	PublishWindow int
}

func (c Config) withDefaults() (Config, error) {
	switch c.Durability {
	case "", Interval, Always, Replicated:
		or(&c.Durability, Interval)
	default:
		return c, fault.New(fault.Invalid, "bad_durability", "durability %q: want interval, always or replicated", c.Durability)
	}
	if c.Partitions < 0 || c.Partitions > 64 {
		return c, fault.New(fault.Invalid, "bad_partitions", "partitions %d: want 1 to 64", c.Partitions)
	}
	or(&c.LeaseTTL, 3*time.Second)
	if c.LeaseTTL < time.Second {
		return c, fault.New(fault.Invalid, "bad_lease_ttl", "lease TTL %s: the server's shortest is 1s", c.LeaseTTL)
	}
	or(&c.LiveWindow, 256)
	or(&c.BulkWindow, 16)
	or(&c.StageBytes, 1<<30)
	or(&c.JournalBytes, 2<<30)
	or(&c.ParkedBytes, 512<<20)
	// A webhook body may be 1 MiB (ingest's limit); the server's own limit is
	// on payload and headers together.
	or(&c.MaxMessage, 2<<20)
	or(&c.JournalAge, 90*24*time.Hour)
	or(&c.ParkedAge, 30*24*time.Hour)
	or(&c.GiveUpAfter, 24*time.Hour)
	or(&c.DrainTimeout, 10*time.Second)
	or(&c.StallAfter, 30*time.Second)
	or(&c.PublishTimeout, 5*time.Second)
	or(&c.PublishWindow, 256)
	return c, nil
}

func (c Config) replicas() int {
	if c.Durability == Replicated {
		return 3
	}
	return 1
}

func or[T comparable](p *T, d T) {
	var zero T
	if *p == zero {
		*p = d
	}
}
