package detect

import (
	"context"
	"errors"
	"fmt"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// Codes of the errors with which notices are parked.
const (
	CodeUnknownAccount    = "unknown_account"    // news of another account than the connection's
	CodeUnknownConnection = "unknown_connection" // no such connection in the configuration
	CodeEmptyNotice       = "empty_notice"       // a notice that says nothing
)

// patience is how many tries a notice of an unknown connection gets: settings
// may be on their way.
const patience = 6

// handle is the handler of NOTICES. A delivery may have a hundred events, so
// only so many of a connection are unpacked at once; the others wait as they
// came.
func (s *Service) handle(ctx context.Context, d *bus.Delivery) error {
	free := s.unpacked.of(place{workspace: d.Subject.Workspace, connection: d.Subject.Connection, lane: d.Subject.Lane})
	select {
	case free <- struct{}{}:
		defer func() { <-free }()
	case <-ctx.Done():
		return fmt.Errorf("wait for other notices of %s: %w", d.Subject.Connection, ctx.Err())
	}
	var n eventv1.Notice
	if err := event.Decode(d, &n); err != nil {
		return err
	}
	conn := s.deps.Settings.Snapshot().Connection(n.GetWorkspace(), n.GetConnection())
	if conn == nil {
		kind := fault.Transient
		if d.Attempt >= patience {
			kind = fault.Invalid
		}
		return fault.New(kind, CodeUnknownConnection, "no connection %q in workspace %q", n.GetConnection(), n.GetWorkspace())
	}
	app, err := s.deps.Apps.Get(ctx, n.GetWorkspace(), n.GetConnection())
	if err != nil {
		return err
	}
	switch k := n.GetKind().(type) {
	case *eventv1.Notice_Webhook:
		return s.webhook(ctx, app, conn, d, &n, k.Webhook)
	case *eventv1.Notice_Page:
		return s.page(ctx, app, d, &n, k.Page)
	case *eventv1.Notice_Refresh:
		return s.refresh(ctx, app, d, &n, k.Refresh)
	default:
		return fault.New(fault.Invalid, CodeEmptyNotice, "a notice of %q without content", n.GetConnection())
	}
}

// used reports whether any sync wants records of an object of the connection.
func (s *Service) used(conn *configv1.Connection, object deal.Object) bool {
	return len(s.deps.Settings.Snapshot().SyncsOf(conn.GetWorkspace(), conn.GetName(), object)) > 0
}

// passes reports whether an error may pass by itself, so that the message that
// met it should be tried again.
func passes(err error) bool {
	switch fault.KindOf(err) {
	case fault.None, fault.Rejected, fault.NotFound, fault.Invalid:
		return false
	case fault.Bug:
		return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	default:
		return true
	}
}

// worst is the error that decides about a message with several records: one
// that may pass comes first, so that everything is tried again (records that
// are done already then change nothing); else the first.
func worst(errs ...error) error {
	var first error
	n := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		if n++; passes(err) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	if n > 1 {
		return fmt.Errorf("%d failures, the first: %w", n, first)
	}
	return first
}
