package ledger

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// Codes of the errors that the ledger meets.
const (
	CodeDown     = "ledger_down"      // Transient: no server, no space, or no answer in time
	CodeConflict = "ledger_conflict"  // Conflict: somebody else stored first
	CodeNotFound = "ledger_not_found" // NotFound: no such document
	CodeCorrupt  = "ledger_corrupt"   // Bug: a document that cannot be read
	CodeTooLarge = "ledger_too_large" // Invalid: the server takes no document of this size
	CodeBadKey   = "ledger_bad_key"   // Invalid: not a key
)

func (b *Bucket[T]) failed(doing string, key Key, err error) error {
	return fmt.Errorf("%s %s %s: %w", doing, b.name, key, classify(err))
}

// classify gives an error of the client or server its kind. What nobody knows
// is taken for trouble that passes: the work stays in its lane.
func classify(err error) error {
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, jetstream.ErrKeyDeleted):
		return fault.Wrap(fault.NotFound, CodeNotFound, err)
	case errors.Is(err, jetstream.ErrKeyRevisionMismatch), errors.Is(err, jetstream.ErrKeyExists):
		return fault.Wrap(fault.Conflict, CodeConflict, err)
	case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, jetstream.ErrStreamMessageExceedsMaximum):
		return fault.Wrap(fault.Invalid, CodeTooLarge, err)
	case errors.Is(err, jetstream.ErrInvalidKey):
		return fault.Wrap(fault.Invalid, CodeBadKey, err)
	}
	return fault.Wrap(fault.Transient, CodeDown, err)
}
