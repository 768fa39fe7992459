// Package core decides what an app's answer means for a write, and what a
// repeated create must do. It does no I/O.
package core

import (
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// Verdict is what becomes of a write after the app's answer.
type Verdict uint8

const (
	// Done: the app took it.
	Done Verdict = iota
	// Refused: the app will never take these values; its message is shown.
	Refused
	// Gone: the record does not exist any more.
	Gone
	// Again: nothing is decided; the lane tries again.
	Again
)

// Judge reads an app's answer by its kind. Only a refusal of this record's
// data ends a write; everything else is about the way there.
func Judge(err error) Verdict {
	switch fault.KindOf(err) {
	case fault.None:
		return Done
	case fault.Rejected, fault.Invalid, fault.Conflict:
		return Refused
	case fault.NotFound:
		return Gone
	default:
		return Again
	}
}

// Step is what a create does next.
type Step uint8

const (
	// Intend: note the intent, then create.
	Intend Step = iota
	// Look: an earlier try may have succeeded; look the record up first.
	Look
	// Answer: the record is known; only the answer is missing.
	Answer
)

// NextStep decides how a create goes on, so that no crash, retry or duplicate
// makes a second record (N2). intended says that an intent was noted before,
// record is what that intent led to, if known. An app that makes creates
// idempotent by key is looked at too: its repeat would write over what people
// have edited since (N5).
func NextStep(intended bool, record string) Step {
	switch {
	case record != "":
		return Answer
	case !intended:
		return Intend
	default:
		return Look
	}
}

// Holds is what the written fields hold now: what the app says, and what was
// sent where it says nothing.
func Holds(sent, answered deal.Fields) deal.Fields {
	held := make(deal.Fields, len(sent))
	for name, value := range sent {
		held[name] = value
		if v, ok := answered[name]; ok {
			held[name] = v
		}
	}
	return held
}
