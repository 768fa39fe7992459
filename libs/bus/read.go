package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Query selects stored messages. Empty parts select all.
type Query struct {
	Workspace, Connection, Object, Key string
	// Stage selects parked messages by where they came from.
	Stage Stage
	// After continues after this sequence.
	After uint64
	// Limit is how many at most; zero means 100.
	Limit int
}

func (q Query) limit() int {
	if q.Limit > 0 {
		return q.Limit
	}
	return 100
}

func (q Query) filter(s Stage) string {
	parts := []string{published, string(s), "*"}
	for _, t := range [...]string{q.Workspace, q.Connection, q.Object, q.Key} {
		if t == "" {
			parts = append(parts, "*")
		} else {
			parts = append(parts, EncodeToken(t))
		}
	}
	return strings.Join(parts, ".")
}

// Stored is a message that a stream keeps.
type Stored struct {
	Message
	Sequence  uint64
	Published time.Time
}

// ReadJournal returns journal entries that q selects in the order they were
// stored. Continue by setting q.After to the last Sequence.
func (b *Bus) ReadJournal(ctx context.Context, q Query) ([]Stored, error) {
	var list []Stored
	var bad error
	err := b.scan(ctx, Journal, q, func(m *jetstream.RawStreamMsg) bool {
		msg, err := decode(m.Subject, m.Header, m.Data)
		if err != nil {
			bad = fmt.Errorf("read journal entry %d: %w", m.Sequence, err)
			return false
		}
		list = append(list, Stored{msg, m.Sequence, m.Time})
		return len(list) < q.limit()
	})
	return list, errors.Join(err, bad)
}

// scan calls each with the messages of a stream that q selects, until it
// returns false. It asks for one after another, so it leaves nothing behind on
// the server.
func (b *Bus) scan(ctx context.Context, s Stage, q Query, each func(*jetstream.RawStreamMsg) bool) error {
	st, err := b.js.Stream(ctx, s.stream())
	if err != nil {
		return fmt.Errorf("read %s: %w", s, classify(err))
	}
	filter := jetstream.WithGetMsgSubject(q.filter(s))
	for seq := q.After + 1; ; {
		m, err := st.GetMsg(ctx, seq, filter)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", s, classify(err))
		}
		if !each(m) {
			return nil
		}
		seq = m.Sequence + 1
	}
}
