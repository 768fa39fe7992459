package propose

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/match"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

const (
	// mostListed bounds the records of one side that are listed under one key. A
	// value that so many have in common tells none of them from the others.
	mostListed = 25
	// longestKey bounds a key's value as part of a ledger key.
	longestKey = 100
)

// known is what is known of a record's keys.
type known struct {
	keys match.Keys
	// behind: the copy, which others read, does not have these keys yet.
	behind bool
	// deleted: the record was deleted after the change.
	deleted bool
}

// knownOf are the keys that the newest values make: those of the change, or
// those of the copy where it is ahead of the change (lanes overtake each other).
func (t *task) knownOf(copied *ledgerv1.Record) known {
	if t.change.GetDeleted() {
		return known{}
	}
	if copied.GetDeleted() && !t.change.GetRestored() {
		return known{deleted: true}
	}
	k := known{behind: copied == nil || copied.GetDeleted()}
	k.keys = match.KeysOf(t.plan.keys[t.side], func(field string) string {
		told, stored := t.change.GetFields()[field], copied.GetFields()[field]
		switch {
		case told.GetValue() == stored.GetValue():
		case stored.GetEditedMs() > told.GetEditedMs():
			return stored.GetValue()
		default:
			k.behind = true
		}
		return told.GetValue()
	})
	return k
}

// list brings the groups that the record is listed in up to its keys. In this
// order a crash leaves nothing behind: what was left is forgotten last, and those
// who stay there have been asked for by then.
func (s *Service) list(ctx context.Context, t *task, settled bool) (known, error) {
	workspace, sync, record := t.sync.GetWorkspace(), t.sync.GetName(), t.change.GetRecord()
	copied, err := s.deps.Ledger.Copy(ctx, t.ref())
	if err != nil {
		return known{}, err
	}
	now := t.knownOf(copied)
	keys := make([]string, len(now.keys))
	for i, k := range now.keys {
		keys[i] = string(groupKey(t.sync, k))
	}
	slices.Sort(keys)
	was, err := s.deps.Ledger.Listed(ctx, workspace, sync, t.side, record)
	same := slices.Equal(was, keys)
	if err != nil || same && settled {
		return now, err
	}
	for _, key := range keys {
		// Also where it is listed: it may have found no room the last time.
		if err := s.deps.Ledger.Join(ctx, ledger.Key(key), t.side, record, mostListed); err != nil {
			return known{}, err
		}
	}
	if same {
		return now, nil
	}
	for _, key := range was {
		if slices.Contains(keys, key) {
			continue
		}
		if err := s.leave(ctx, t, ledger.Key(key)); err != nil {
			return known{}, err
		}
	}
	return now, s.deps.Ledger.List(ctx, workspace, sync, t.side, record, keys)
}

// leave takes the record out of a group. Those who stay may now be told apart,
// so the ones that have no counterpart are offered again.
func (s *Service) leave(ctx context.Context, t *task, key ledger.Key) error {
	left, err := s.deps.Ledger.Leave(ctx, key, t.side, t.change.GetRecord())
	if err != nil {
		return err
	}
	var notices []bus.Message
	for _, side := range sides {
		for _, id := range *membersOf(left, side) {
			r, err := s.member(ctx, t, side, id, "")
			if err != nil {
				return err
			}
			if r == nil || r.State != match.Free {
				continue
			}
			m, err := t.refresh(side, id, "left", string(key))
			if err != nil {
				return err
			}
			notices = append(notices, m)
		}
	}
	if len(notices) == 0 {
		return nil
	}
	return s.deps.Bus.PublishAll(ctx, notices...)
}

var sides = [...]deal.Side{deal.HubSpot, deal.App}

// groupKey is the group of those who have a key in common. A long value stands
// there as its hash.
func groupKey(y *configv1.Sync, k match.Key) ledger.Key {
	value := k.Value
	if len(value) > longestKey {
		sum := sha256.Sum256([]byte(value))
		value = "#" + hex.EncodeToString(sum[:])
	}
	return ledger.GroupKey(y.GetWorkspace(), y.GetName(), string(k.Rule), value)
}

// refresh asks the detector to offer a record again from its copy. The id is
// made from what is asked and from the change that made us ask.
func (t *task) refresh(side deal.Side, record, reason, about string) (bus.Message, error) {
	at := t.at(side, record)
	n := &eventv1.Notice{
		Workspace: at.Workspace, Connection: at.Connection, ReceivedMs: t.now.UnixMilli(),
		Kind: &eventv1.Notice_Refresh{Refresh: &eventv1.Refresh{Object: at.Object, Records: []string{record}, Reason: reason}},
	}
	id := "mapper:" + t.sync.GetName() + ":" + reason + ":" + about + ":" + side.String() + ":" + record + ":" + t.delivery.ID
	return event.Notice(n, deal.Object(at.Object), t.delivery.Subject.Lane, record, id)
}
