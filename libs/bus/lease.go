package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// leaseBucket holds one key per owned partition and one per living member.
const leaseBucket = "dealsync_leases"

// leases are keys that vanish unless renewed.
type leases struct {
	js  jetstream.JetStream
	kv  jetstream.KeyValue
	st  jetstream.Stream
	ttl time.Duration
}

func openLeases(ctx context.Context, js jetstream.JetStream, c Config) (*leases, error) {
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: leaseBucket, Description: "Who works on which partition.", History: 1,
		LimitMarkerTTL: time.Second, Replicas: c.replicas(),
	})
	if err != nil {
		return nil, fmt.Errorf("set up bucket %s: %w", leaseBucket, classify(err))
	}
	st, err := js.Stream(ctx, "KV_"+leaseBucket)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", leaseBucket, classify(err))
	}
	return &leases{js, kv, st, c.LeaseTTL}, nil
}

// acquire takes a key that nobody holds; ok is false when somebody does. The
// revision is the fresh epoch of this ownership.
func (l *leases) acquire(ctx context.Context, key, holder string, ttl time.Duration) (rev uint64, ok bool, err error) {
	rev, err = l.kv.Create(ctx, key, []byte(holder), jetstream.KeyTTL(ttl))
	if errors.Is(err, jetstream.ErrKeyExists) {
		return 0, false, nil
	}
	return rev, err == nil, err
}

// renew extends a key that is still at revision rev and returns the new one.
func (l *leases) renew(ctx context.Context, key, holder string, rev uint64) (uint64, error) {
	ack, err := l.js.PublishMsg(ctx, l.message(key, holder), jetstream.WithMsgTTL(l.ttl), jetstream.WithExpectLastSequencePerSubject(rev))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// revision is where a key stands, if holder holds it. Doubt counts as no.
func (l *leases) revision(ctx context.Context, key, holder string) (rev uint64, mine bool) {
	e, err := l.kv.Get(ctx, key)
	if err != nil || string(e.Value()) != holder {
		return 0, false
	}
	return e.Revision(), true
}

func (l *leases) release(ctx context.Context, key string, rev uint64) error {
	return l.kv.Delete(ctx, key, jetstream.LastRevision(rev))
}

// holdFor is how long a key taken by hold outlives a replica that died with it.
const holdFor = 10 * time.Second

// hold runs do while no other replica holds key; do must take less than holdFor.
func (l *leases) hold(ctx context.Context, key string, do func() error) error {
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for {
		rev, ok, err := l.acquire(ctx, key, "", holdFor)
		if err != nil {
			return err
		}
		if ok {
			err := do()
			// What can't be released runs out by itself.
			_ = l.release(context.WithoutCancel(ctx), key, rev)
			return err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// announce keeps a member's key alive.
func (l *leases) announce(ctx context.Context, key string) error {
	_, err := l.js.PublishMsg(ctx, l.message(key, ""), jetstream.WithMsgTTL(l.ttl))
	return err
}

func (l *leases) withdraw(ctx context.Context, key string) error {
	return l.kv.Purge(ctx, key, jetstream.PurgeTTL(time.Second))
}

func (l *leases) message(key, holder string) *nats.Msg {
	return &nats.Msg{Subject: "$KV." + leaseBucket + "." + key, Header: nats.Header{}, Data: []byte(holder)}
}

// members counts the living keys under prefix, self among them. What has just
// expired is still listed for a second, so each other one is looked at.
func (l *leases) members(ctx context.Context, prefix, self string) (int, error) {
	root := "$KV." + leaseBucket + "."
	info, err := l.st.Info(ctx, jetstream.WithSubjectFilter(root+prefix+">"))
	if err != nil {
		return 0, err
	}
	n := 1
	for subject := range info.State.Subjects {
		key := strings.TrimPrefix(subject, root)
		if key == self {
			continue
		}
		_, err := l.kv.Get(ctx, key)
		switch {
		case err == nil:
			n++
		case !errors.Is(err, jetstream.ErrKeyNotFound):
			return 0, err
		}
	}
	return n, nil
}
