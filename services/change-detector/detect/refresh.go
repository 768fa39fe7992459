package detect

import (
	"context"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// refresh offers known records again, from their copies or read anew; a copy
// that lacks a field which new settings want is always read. The image goes out
// whether it changed or not: whoever asked has lost a value or has new settings.
func (s *Service) refresh(ctx context.Context, app App, d *bus.Delivery, n *eventv1.Notice, r *eventv1.Refresh) error {
	at := place{n.GetWorkspace(), n.GetConnection(), deal.Object(r.GetObject()), d.Subject.Lane}
	names := mapped(s.deps.Settings.Snapshot(), at)
	errs := s.each(ctx, at, len(r.GetRecords()), func(ctx context.Context, i int) error {
		return s.look(ctx, app, look{
			place: at, record: r.GetRecords()[i], cause: eventv1.Cause_CAUSE_REFRESH, received: n.GetReceivedMs(),
			read:  func(_ *core.Merge, was core.Copy) bool { return r.GetRead() || !was.Deleted && lacks(was, names) },
			offer: true, ask: d.ID, fresh: true,
		})
	})
	return worst(errs...)
}
