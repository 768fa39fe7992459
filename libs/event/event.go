// Package event makes bus messages of the contracts in dealsync.event.v1: the
// subject, the lane and the content-derived id of each. It sends nothing.
package event

import (
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// Types of the events, as CloudEvents name them.
const (
	TypeNotice   = "dealsync.notice.v1"
	TypeChange   = "dealsync.change.v1"
	TypeProposal = "dealsync.proposal.v1"
	TypeWrite    = "dealsync.write.v1"
	TypeJournal  = "dealsync.journal.v1"
)

// Notice is a notice on its way to the change-detector. key spreads notices
// over partitions and means nothing else; id names the content.
func Notice(n *eventv1.Notice, object deal.Object, lane bus.Lane, key, id string) (bus.Message, error) {
	return message(n, TypeNotice, "notice:"+id, n.GetReceivedMs(), bus.Subject{
		Stage: bus.Notices, Lane: lane, Workspace: n.GetWorkspace(),
		Connection: n.GetConnection(), Object: string(object), Key: key,
	})
}

// Change is a record's new image on its way to the mapper.
func Change(c *eventv1.Change, lane bus.Lane, id string) (bus.Message, error) {
	return message(c, TypeChange, "change:"+id, c.GetDetectedMs(), bus.Subject{
		Stage: bus.Changes, Lane: lane, Workspace: c.GetWorkspace(),
		Connection: c.GetConnection(), Object: c.GetObject(), Key: c.GetRecord(),
	})
}

// Proposal is an input to the owner of a pair. connection is the sync's app
// connection, whichever side the input came from: all inputs of one pair share
// one subject and so one order.
func Proposal(p *eventv1.Proposal, connection string, object deal.Object, lane bus.Lane, id string) (bus.Message, error) {
	return message(p, TypeProposal, "proposal:"+id, time.Now().UnixMilli(), bus.Subject{
		Stage: bus.Proposals, Lane: lane, Workspace: p.GetWorkspace(),
		Connection: connection, Object: string(object), Key: p.GetPair(),
	})
}

// Write is an intended write on its way to the writer. Its id is the pair's
// side and version, so that a republished outbox adds nothing.
func Write(w *eventv1.Write) (bus.Message, error) {
	lane := bus.Live
	if w.GetBulk() {
		lane = bus.Bulk
	}
	key := w.GetPair() + "-" + SideOf(w.GetSide()).String()
	id := fmt.Sprintf("write:%s:%s:%d", w.GetSync(), key, w.GetVersion())
	return message(w, TypeWrite, id, w.GetDecidedMs(), bus.Subject{
		Stage: bus.Writes, Lane: lane, Workspace: w.GetWorkspace(),
		Connection: w.GetConnection(), Object: w.GetObject(), Key: key,
	})
}

// Journal is what one step of a pair told.
func Journal(j *eventv1.Journal, connection string, object deal.Object, version uint64) (bus.Message, error) {
	id := "journal:" + j.GetSync() + ":" + j.GetPair() + ":" + strconv.FormatUint(version, 10)
	return message(j, TypeJournal, id, time.Now().UnixMilli(), bus.Subject{
		Stage: bus.Journal, Lane: bus.Live, Workspace: j.GetWorkspace(),
		Connection: connection, Object: string(object), Key: j.GetPair(),
	})
}

func message(m proto.Message, kind, id string, atMs int64, subject bus.Subject) (bus.Message, error) {
	data, err := proto.Marshal(m)
	if err != nil {
		return bus.Message{}, fault.Wrap(fault.Bug, "encode", fmt.Errorf("encode %s: %w", kind, err))
	}
	return bus.Message{Subject: subject, ID: id, Type: kind, Time: time.UnixMilli(atMs), Data: data}, nil
}

// Decode reads a delivery's payload; a payload that cannot be read is
// fault.Invalid and will be parked.
func Decode[T proto.Message](d *bus.Delivery, into T) error {
	if err := proto.Unmarshal(d.Data, into); err != nil {
		return fault.Wrap(fault.Invalid, "malformed_message", fmt.Errorf("decode %s: %w", d.Type, err))
	}
	return nil
}

// SideOf turns a contract's side into ours.
func SideOf(s eventv1.Side) deal.Side { return deal.Side(s) }

// ProtoSide turns our side into the contract's.
func ProtoSide(s deal.Side) eventv1.Side { return eventv1.Side(s) }
