package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"

	"github.com/dealsync/dealsync/libs/fault"
)

// Publish stores m and returns once the server has it. A full stream is
// Transient with code "bus_full"; no server or no answer is Transient with code
// "bus_down", and then the message may have been stored: publish it again under
// the same ID.
func (b *Bus) Publish(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	msg := m.encode()
	span := b.startPublish(ctx, &m, msg.Header)
	err := b.published(ctx, &m, b.store(ctx, msg))
	endSpan(span, err)
	return err
}

// ackPrefix starts every answer of the server that stored a message.
var ackPrefix = []byte(`{"stream":"`)

// store sends one message and waits until the server has it. It does what the
// client library's PublishMsg does, without decoding JSON it has no use for:
// that alone is a tenth of the pipeline's processor time.
func (b *Bus) store(ctx context.Context, msg *nats.Msg) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.cfg.PublishTimeout)
		defer cancel()
	}
	answer, err := b.nc.RequestMsgWithContext(ctx, msg)
	if err != nil || bytes.HasPrefix(answer.Data, ackPrefix) {
		return err
	}
	var refusal struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &refusal); err != nil || refusal.Error == nil {
		return fmt.Errorf("%w: %q", jetstream.ErrInvalidJSAck, answer.Data)
	}
	return refusal.Error
}

// PublishAll stores messages in their order, many under way at once, and
// returns once the server has them all; the first error wins. After an error
// some may be stored and later ones of the same key too: publish all of them
// again under the same IDs.
func (b *Bus) PublishAll(ctx context.Context, ms ...Message) error {
	if len(ms) == 1 {
		return b.Publish(ctx, ms[0])
	}
	for i := range ms {
		if err := ms[i].check(); err != nil {
			return err
		}
	}
	acks := make([]pending, 0, len(ms))
	var stopped error
	for i := range ms {
		msg := ms[i].encode()
		span := b.startPublish(ctx, &ms[i], msg.Header)
		ack, err := b.js.PublishMsgAsync(msg, jetstream.WithStallWait(b.cfg.PublishTimeout))
		if err != nil {
			stopped = b.published(ctx, &ms[i], err)
			endSpan(span, stopped)
			break
		}
		acks = append(acks, pending{ack, span})
	}
	var failed error
	for i, p := range acks {
		err := b.published(ctx, &ms[i], p.wait(ctx))
		endSpan(p.span, err)
		if failed == nil {
			failed = err
		}
	}
	if failed == nil {
		failed = stopped
	}
	return failed
}

type pending struct {
	ack  jetstream.PubAckFuture
	span trace.Span
}

func (p pending) wait(ctx context.Context) error {
	select {
	case <-p.ack.Ok():
		return nil
	case err := <-p.ack.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// published counts a stored message and gives a failure its kind and words.
func (b *Bus) published(ctx context.Context, m *Message, err error) error {
	if err != nil {
		return fmt.Errorf("publish to %s: %w", m.Subject.Stage, classify(err))
	}
	b.metrics.published.Add(ctx, 1, b.metrics.of(m.Subject.Stage, m.Subject.Lane).add...)
	return nil
}

// check refuses what could never be stored or consumed.
func (m Message) check() error {
	if !m.Subject.Stage.valid() || m.Subject.Stage == Parked {
		return fault.New(fault.Invalid, "bad_subject", "publish: stage %q takes no messages", m.Subject.Stage)
	}
	if m.Subject.Lane != "" && !m.Subject.Lane.valid() {
		return fault.New(fault.Invalid, "bad_subject", "publish to %s: unknown lane %q", m.Subject.Stage, m.Subject.Lane)
	}
	return nil
}
