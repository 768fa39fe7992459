package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Mark is the sequence of the newest message that a stage has been given.
func (b *Bus) Mark(ctx context.Context, s Stage) (uint64, error) {
	st, err := b.js.Stream(ctx, s.stream()) // asks the server
	if err != nil {
		return 0, fmt.Errorf("mark %s: %w", s, classify(err))
	}
	return st.CachedInfo().State.LastSeq, nil
}

// Passed reports whether all messages of an object of a connection that a stage
// was given up to a mark are handled or parked, so that what they lead to is
// stored in the next stage. Messages of a failing connection that are held aside
// do not count: they come back behind later ones.
func (b *Bus) Passed(ctx context.Context, s Stage, workspace, connection, object string, mark uint64) (bool, error) {
	st, err := b.js.Stream(ctx, s.stream())
	if err != nil {
		return false, fmt.Errorf("look for what %s has left: %w", s, classify(err))
	}
	filter := strings.Join([]string{
		stored, string(s), "*", "*", "*", EncodeToken(workspace), EncodeToken(connection), EncodeToken(object), "*",
	}, ".")
	m, err := st.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(filter))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for what %s has left: %w", s, classify(err))
	}
	return m.Sequence > mark, nil
}
