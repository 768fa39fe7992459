package detect

import (
	"context"

	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// mostMerges bounds how far survivors are followed, should their news ever go
// round in a circle.
const mostMerges = 8

// relatives looks at the records that one was merged with: whoever hears of
// either must hear of both, whichever of them the app tells about (R17). It comes
// before the record's own copy is stored, so that a crash repeats it.
func (s *Service) relatives(ctx context.Context, app App, l *look, r core.Result) error {
	if l.merges >= mostMerges {
		return nil
	}
	if r.Merged && r.Copy.MergedInto != l.from {
		if err := s.look(ctx, app, l.relative(r.Copy.MergedInto, func(m *core.Merge) { m.Absorbed(l.record) })); err != nil {
			return err
		}
	}
	gone := core.Event{Action: core.Merged, At: r.Copy.Modified, MergedInto: l.record}
	for _, id := range r.Absorbed {
		if id == l.from {
			continue
		}
		had, err := s.copy(ctx, ledger.RecordKey(l.workspace, l.connection, string(l.object), id), true)
		if err != nil {
			return err
		}
		if had.Revision == 0 || had.Doc.GetMergedInto() != "" {
			continue // nobody has heard of it, or everybody has
		}
		if err := s.look(ctx, app, l.relative(id, func(m *core.Merge) { m.Event(gone) })); err != nil {
			return err
		}
	}
	return nil
}

// relative is the look at a record that another was merged with.
func (l *look) relative(record string, news func(m *core.Merge)) look {
	return look{
		place: l.place, record: record, cause: l.cause, received: l.received, ask: l.ask,
		from: l.record, merges: l.merges + 1, news: news,
	}
}
