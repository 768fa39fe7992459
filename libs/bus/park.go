package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/dealsync/dealsync/libs/fault"
)

// Headers that a parked message has besides its own. Free text is
// percent-encoded like CloudEvents attributes.
const (
	HeaderError     = "Dealsync-Error"
	HeaderErrorKind = "Dealsync-Error-Kind"
	HeaderErrorCode = "Dealsync-Error-Code"
	HeaderAttempts  = "Dealsync-Attempts"
	HeaderOrigin    = "Dealsync-Origin-Subject"
	HeaderStack     = "Dealsync-Stack"
)

const (
	parkedPrefix = "Dealsync-"
	maxErrorText = 4 << 10 // bytes kept of an error's text
	maxStack     = 8 << 10 // bytes kept of a stack
)

// Park stores the delivery among the parked messages with the reason, then
// acknowledges it. A handler may call it and return nil; usually it just
// returns the error and [Dispose] decides.
func (b *Bus) Park(ctx context.Context, d *Delivery, reason error) error {
	h := make(nats.Header, len(d.Headers)+6)
	for k, v := range d.Headers {
		if !strings.HasPrefix(k, "Nats-") && !strings.HasPrefix(k, parkedPrefix) {
			h[k] = v
		}
	}
	// The sequence makes a message that is replayed and parked again a new one.
	h.Set(jetstream.MsgIDHeader, fmt.Sprintf("parked:%s:%d:%d", d.Subject.Stage, d.Sequence, d.Published.UnixNano()))
	h.Set(HeaderError, percentEncode(clip(reason.Error(), maxErrorText)))
	h.Set(HeaderErrorKind, kind(reason).String())
	h.Set(HeaderErrorCode, percentEncode(fault.CodeOf(reason)))
	h.Set(HeaderAttempts, strconv.Itoa(d.Attempt))
	h.Set(HeaderOrigin, d.origin())
	if p, ok := errors.AsType[*panicked](reason); ok {
		h.Set(HeaderStack, percentEncode(clip(string(p.stack), maxStack)))
	}
	to := d.Subject
	to.Stage = Parked
	if _, err := b.js.PublishMsg(ctx, &nats.Msg{Subject: to.String(), Header: h, Data: d.Data}); err != nil {
		return fmt.Errorf("park message %s: %w", d.ID, classify(err))
	}
	b.metrics.parked.Add(ctx, 1, b.metrics.of(d.Subject.Stage, d.Subject.Lane).kinds[kind(reason)]...)
	b.log.WarnContext(ctx, "bus.parked", "stage", d.Subject.Stage, "subject", d.origin(), "id", d.ID, "attempt", d.Attempt,
		"kind", kind(reason).String(), "code", fault.CodeOf(reason), "error", reason.Error())
	if d.item != nil {
		d.owner.ack(d.item)
		d.item.parked = true
	}
	return nil
}

// origin is the subject the message was published to, also when it can't be parsed.
func (d *Delivery) origin() string {
	if d.item == nil {
		return d.Subject.String()
	}
	return published + "." + string(d.Subject.Stage) + "." + tail(d.item.msg.Subject(), 4)
}

func clip(s string, n int) string { return s[:min(len(s), n)] }

// ParkedMessage is a message that was given up, and why.
type ParkedMessage struct {
	Message            // Subject is the one it was published to
	Sequence uint64    // names it for replay and drop
	ParkedAt time.Time // when it was given up
	Error    string
	Kind     string // a fault.Kind's name
	Code     string
	Attempts int
	Stack    string // of a panic
	Headers  nats.Header
}

// ParkedList returns up to limit parked messages that q selects, oldest first.
// Continue a list by setting q.After to the last Sequence.
func (b *Bus) ParkedList(ctx context.Context, q Query) ([]ParkedMessage, error) {
	var list []ParkedMessage
	err := b.scan(ctx, Parked, q, func(m *jetstream.RawStreamMsg) bool {
		p := readParked(m)
		if q.Stage == "" || p.Subject.Stage == q.Stage {
			list = append(list, p)
		}
		return len(list) < q.limit()
	})
	return list, err
}

// ParkedGet returns one parked message; the error is NotFound when there is none.
func (b *Bus) ParkedGet(ctx context.Context, sequence uint64) (ParkedMessage, error) {
	m, err := b.parked(ctx, sequence)
	if err != nil {
		return ParkedMessage{}, err
	}
	return readParked(m), nil
}

// ParkedReplay publishes a parked message again where it came from and removes
// it from the parked ones. Repeating it after an error is safe: at worst the
// message travels twice.
func (b *Bus) ParkedReplay(ctx context.Context, sequence uint64) error {
	m, err := b.parked(ctx, sequence)
	if err != nil {
		return err
	}
	h := make(nats.Header, len(m.Header))
	for k, v := range m.Header {
		if !strings.HasPrefix(k, "Nats-") && !strings.HasPrefix(k, parkedPrefix) {
			h[k] = v
		}
	}
	if _, err := b.js.PublishMsg(ctx, &nats.Msg{Subject: m.Header.Get(HeaderOrigin), Header: h, Data: m.Data}); err != nil {
		return fmt.Errorf("replay parked message %d: %w", sequence, classify(err))
	}
	return b.ParkedDrop(ctx, sequence)
}

// ParkedDrop removes a parked message for good; the error is NotFound when
// there is none.
func (b *Bus) ParkedDrop(ctx context.Context, sequence uint64) error {
	if _, err := b.parked(ctx, sequence); err != nil {
		return err
	}
	st, err := b.js.Stream(ctx, Parked.stream())
	if err == nil {
		err = st.DeleteMsg(ctx, sequence)
	}
	if err != nil {
		return fmt.Errorf("drop parked message %d: %w", sequence, classify(err))
	}
	return nil
}

func (b *Bus) parked(ctx context.Context, sequence uint64) (*jetstream.RawStreamMsg, error) {
	st, err := b.js.Stream(ctx, Parked.stream())
	if err != nil {
		return nil, fmt.Errorf("get parked message %d: %w", sequence, classify(err))
	}
	m, err := st.GetMsg(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("get parked message %d: %w", sequence, classify(err))
	}
	return m, nil
}

func readParked(m *jetstream.RawStreamMsg) ParkedMessage {
	p := ParkedMessage{
		Sequence: m.Sequence, ParkedAt: m.Time, Headers: m.Header,
		Error: percentDecode(m.Header.Get(HeaderError)), Kind: m.Header.Get(HeaderErrorKind),
		Code: percentDecode(m.Header.Get(HeaderErrorCode)), Stack: percentDecode(m.Header.Get(HeaderStack)),
	}
	p.Attempts, _ = strconv.Atoi(m.Header.Get(HeaderAttempts))
	// What can't be read was perhaps parked for just that; show what there is.
	p.Message, _ = decode(m.Header.Get(HeaderOrigin), m.Header, m.Data)
	return p
}
