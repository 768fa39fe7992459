package propose

import (
	"context"
	"strconv"
	"sync"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/settings"
)

// matched remembers for which syncs all records are listed. Until then nobody
// knows all candidates of a record, so none is paired and none created (R15).
type matched struct{ syncs sync.Map }

// ready reports whether records of the task's sync may be matched. Ask after
// listing the record: whoever comes too early is then seen by all who come later.
func (m *matched) ready(ctx context.Context, groups Groups, t *task) (bool, error) {
	y := t.sync
	key := y.GetWorkspace() + "/" + y.GetName() + "@" + strconv.FormatInt(y.GetActivatedMs(), 10) + " " + t.plan.rules
	if _, ok := m.syncs.Load(key); ok {
		return true, nil
	}
	c, err := groups.Matched(ctx, y.GetWorkspace(), settings.ConnectionOf(y, deal.HubSpot), y.GetObject(), y.GetName())
	if err != nil || c == nil || c.GetSinceMs() < y.GetActivatedMs() || c.GetCursor() != t.plan.rules {
		return false, err
	}
	m.syncs.Store(key, struct{}{})
	return true, nil
}
