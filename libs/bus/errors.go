package bus

import (
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// Codes of the errors that publishing meets.
const (
	CodeFull     = "bus_full"          // the stream has reached its size; try later
	CodeDown     = "bus_down"          // no server, no answer, or not in time
	CodeTooLarge = "message_too_large" // will never be accepted
	CodeLease    = "lease_lost"        // another replica may own the partition now
)

// Server error codes the client library has no names for.
const (
	errStreamFull = 10077 // stream store failed: maximum bytes exceeded
	errNoStorage  = 10023 // insufficient resources
	errAccountMax = 10002 // resource limits exceeded for account
	errStorageMax = 10047 // insufficient storage resources available
)

// classify gives an error of the client or server its kind.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && f != nil {
		return err
	}
	if api, ok := errors.AsType[jetstream.JetStreamError](err); ok && api.APIError() != nil {
		return classifyAPI(api.APIError(), err)
	}
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return classifyAPI(api, err)
	}
	if errors.Is(err, nats.ErrMaxPayload) {
		return fault.Wrap(fault.Invalid, CodeTooLarge, err)
	}
	return fault.Wrap(fault.Transient, CodeDown, err)
}

func classifyAPI(api *jetstream.APIError, err error) error {
	switch api.ErrorCode {
	case errStreamFull, errNoStorage, errAccountMax, errStorageMax:
		return fault.Wrap(fault.Transient, CodeFull, err)
	case jetstream.JSErrCodeStreamMessageExceedsMaximum:
		return fault.Wrap(fault.Invalid, CodeTooLarge, err)
	case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return fault.Wrap(fault.Conflict, "", err)
	case jetstream.JSErrCodeMessageNotFound, jetstream.JSErrCodeStreamNotFound, jetstream.JSErrCodeConsumerNotFound:
		return fault.Wrap(fault.NotFound, "", err)
	}
	return fault.Wrap(fault.Transient, CodeDown, err)
}
