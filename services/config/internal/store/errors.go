package store

import (
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

func transient(err error) error { return fault.Wrap(fault.Transient, "store_down", err) }

// Lost tells a lost compare-and-swap (fault.Conflict) from a store that did not
// answer (fault.Transient).
func Lost(err error) error {
	if Conflicts(err) {
		return fault.Wrap(fault.Conflict, "changed_meanwhile", err)
	}
	return transient(err)
}

// Conflicts reports whether a create or update met another revision.
func Conflicts(err error) bool {
	if errors.Is(err, jetstream.ErrKeyExists) {
		return true
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
