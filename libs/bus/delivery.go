package bus

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// Delivery is a message in a handler's hands.
type Delivery struct {
	Message
	// Sequence is the message's place in its stage's stream.
	Sequence uint64
	// Attempt counts the tries of this owner, from 1.
	Attempt int
	// Published is when the server stored the message.
	Published time.Time
	// Headers are all headers as received; do not change them.
	Headers nats.Header

	owner *owner
	item  *item
}

// StillOwned returns nil while this replica certainly owns the message's
// partition: the last proof of its lease is younger, on the monotonic clock,
// than the lease's life minus a margin. Otherwise it returns a Transient error;
// ask before each effect on the outside that another owner might repeat.
func (d *Delivery) StillOwned() error {
	if d.owner == nil || d.owner.fresh() {
		return nil
	}
	return fault.New(fault.Transient, CodeLease, "partition %s of %s: lease not proven fresh", d.owner.slot, d.Subject.Stage)
}

// Inherited reports whether somebody may have had the message in hand before, so
// that its effects may be there already: it was stored before this ownership
// began, or has been held while its connection failed.
func (d *Delivery) Inherited() bool {
	return d.owner != nil && d.Sequence <= d.owner.inherited || first(d.Headers, headerHeld) != ""
}

// item is a message in hand. The reader makes it; once it is in its lane only
// the lane touches it, but for ack.
type item struct {
	msg       jetstream.Msg // as delivered first
	ack       jetstream.Msg // as delivered last; guarded by lanes.mu
	seq       uint64
	published time.Time
	lane      Lane
	place     place
	firstTry  time.Time
	notBefore time.Time // the next attempt, when it is being retried
	d         *Delivery
	invalid   error // why it can't be read
	parked    bool  // the handler parked it itself
	doomed    error // to be parked for this reason, as soon as that works
	next      *item
}

// newItem reads what is needed to find the lane; the rest waits for its turn.
func newItem(msg jetstream.Msg, lane Lane) (*item, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, fmt.Errorf("read delivery: %w", err)
	}
	return &item{msg: msg, ack: msg, seq: meta.Sequence.Stream, published: meta.Timestamp, lane: lane, place: place{lane, connectionOf(msg.Subject())}}, nil
}

// open makes the delivery of an item whose turn has come.
func (it *item) open(o *owner) *Delivery {
	if it.d == nil {
		it.firstTry = time.Now()
		it.d = &Delivery{Sequence: it.seq, Published: it.published, Headers: it.msg.Headers(), owner: o, item: it}
		it.d.Message, it.invalid = decode(it.msg.Subject(), it.d.Headers, it.msg.Data())
		if it.invalid != nil {
			it.d.Subject.Stage, it.d.Subject.Lane = o.c.stage, it.lane
		}
	}
	it.d.Attempt++
	return it.d
}

// tail is the part of a stored subject from its n-th token on; the key of a
// lane is tail 5, so that live and bulk messages of a record meet in one.
func tail(subject string, n int) string {
	for range n {
		i := strings.IndexByte(subject, '.')
		if i < 0 {
			return ""
		}
		subject = subject[i+1:]
	}
	return subject
}
