// Package token keeps OAuth access tokens fresh: one refresh at a time per
// grant over all replicas, since an app may let a refresh token be used only
// once. What it keeps is sealed; it never logs a token.
package token

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/singleflight"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/seal"
	"github.com/dealsync/dealsync/services/config/internal/store"
)

const (
	// early is how long before its end a token is refreshed, at most a quarter of
	// its life. Clients drop a token a minute before its end, so they usually get
	// one that lasts.
	early = 2 * time.Minute
	// unsaid is the life of a token whose answer does not tell it.
	unsaid = 30 * time.Minute
	// claim is how long one replica may take for a refresh before another one
	// tries; longer than the whole call may take.
	claim       = 30 * time.Second
	callTimeout = 20 * time.Second
)

// Token is an access token; a zero Expires never ends.
type Token struct {
	Value   string
	Expires time.Time
}

// Broker gives access tokens of grants.
type Broker struct {
	kv     jetstream.KeyValue
	sealer *seal.Sealer
	client *http.Client
	now    func() time.Time
	flight singleflight.Group
}

// New makes a broker that keeps tokens in kv.
func New(kv jetstream.KeyValue, sealer *seal.Sealer, client *http.Client) *Broker {
	return &Broker{kv: kv, sealer: sealer, client: client, now: time.Now}
}

// kept is what is stored of a grant.
type kept struct {
	// Sealed holds secrets; none before the first refresh.
	Sealed string `json:"sealed,omitempty"`
	// ClaimedMs is until when a replica is refreshing; 0: none is.
	ClaimedMs int64 `json:"claimed_ms,omitempty"`
}

type secrets struct {
	Access    string `json:"access"`
	Refresh   string `json:"refresh"`
	ExpiresMs int64  `json:"expires_ms"`
	// DueMs is when the next refresh is due.
	DueMs int64 `json:"due_ms"`
}

// Token gives an access token of the grant that is good for a while and is not
// stale. A new grant for the same connection starts anew: the key holds a
// fingerprint of the refresh token that was configured.
func (b *Broker) Token(ctx context.Context, workspace, connection string, g Grant, stale string) (Token, error) {
	sum := sha256.Sum256([]byte(g.App + "\x00" + g.ClientID + "\x00" + g.RefreshToken))
	key := "token." + workspace + "." + connection + "." + hex.EncodeToString(sum[:8])
	result := b.flight.DoChan(key+"\x00"+stale, func() (any, error) {
		// Others wait for this call too, so it outlives its first caller.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claim+callTimeout)
		defer cancel()
		return b.token(ctx, key, g, stale)
	})
	select {
	case <-ctx.Done():
		return Token{}, fmt.Errorf("token of %s/%s: %w", workspace, connection, ctx.Err())
	case r := <-result:
		if r.Err != nil {
			return Token{}, fmt.Errorf("token of %s/%s: %w", workspace, connection, r.Err)
		}
		t, _ := r.Val.(Token)
		return t, nil
	}
}

func (b *Broker) token(ctx context.Context, key string, g Grant, stale string) (Token, error) {
	for {
		k, s, revision, err := b.read(ctx, key)
		if err != nil {
			return Token{}, err
		}
		if s.Access != "" && s.Access != stale && b.now().UnixMilli() < s.DueMs {
			return s.token(), nil
		}
		if until := time.UnixMilli(k.ClaimedMs); until.After(b.now()) {
			if err := b.await(ctx, key, revision, until); err != nil {
				return Token{}, err
			}
			continue
		}
		k.ClaimedMs = b.now().Add(claim).UnixMilli()
		revision, err = b.write(ctx, key, k, revision)
		if fault.Is(err, fault.Conflict) {
			continue
		}
		if err != nil {
			return Token{}, err
		}
		return b.refresh(ctx, key, k, s, revision, g)
	}
}

// refresh does the refresh that this replica has claimed, and gives the claim
// back either way.
func (b *Broker) refresh(ctx context.Context, key string, k kept, s secrets, revision uint64, g Grant) (Token, error) {
	if s.Refresh == "" {
		s.Refresh = g.RefreshToken
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	a, failed := refresh(call, b.client, g, s.Refresh)
	cancel()
	k.ClaimedMs = 0
	if failed == nil {
		s.Access = a.AccessToken
		if a.RefreshToken != "" {
			s.Refresh = a.RefreshToken
		}
		life := time.Duration(a.ExpiresIn) * time.Second
		if life <= 0 {
			life = unsaid
		}
		expires := b.now().Add(life)
		s.ExpiresMs, s.DueMs = expires.UnixMilli(), expires.Add(-min(early, life/4)).UnixMilli()
		plain, err := json.Marshal(s)
		if err != nil {
			return Token{}, fmt.Errorf("encode token: %w", err)
		}
		k.Sealed = b.sealer.Seal(seal.Secret(plain), "token", key)
	}
	if _, err := b.write(ctx, key, k, revision); err != nil {
		return Token{}, errors.Join(failed, err)
	}
	return s.token(), failed
}

func (s secrets) token() Token { return Token{s.Access, time.UnixMilli(s.ExpiresMs)} }

func (b *Broker) read(ctx context.Context, key string) (k kept, s secrets, revision uint64, err error) {
	entry, err := b.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return k, s, 0, nil
	}
	if err != nil {
		return k, s, 0, fault.Wrap(fault.Transient, "store_down", fmt.Errorf("read token: %w", err))
	}
	if err := json.Unmarshal(entry.Value(), &k); err != nil {
		return k, s, 0, fmt.Errorf("read token: %w", err)
	}
	if k.Sealed == "" {
		return k, s, entry.Revision(), nil
	}
	plain, err := b.sealer.Open(k.Sealed, "token", key)
	if err != nil {
		return k, s, 0, fmt.Errorf("open token: %w", err)
	}
	if json.Unmarshal([]byte(plain.Reveal()), &s) != nil {
		return k, s, 0, errors.New("open token: what was sealed is not a token")
	}
	return k, s, entry.Revision(), nil
}

// write stores k by compare-and-swap; a lost one is fault.Conflict.
func (b *Broker) write(ctx context.Context, key string, k kept, revision uint64) (uint64, error) {
	raw, err := json.Marshal(k)
	if err != nil {
		return 0, fmt.Errorf("encode token: %w", err)
	}
	if revision == 0 {
		revision, err = b.kv.Create(ctx, key, raw)
	} else {
		revision, err = b.kv.Update(ctx, key, raw, revision)
	}
	if err != nil {
		return 0, store.Lost(fmt.Errorf("store token: %w", err))
	}
	return revision, nil
}

// await waits until the claim of another replica is settled or runs out.
func (b *Broker) await(ctx context.Context, key string, revision uint64, until time.Time) error {
	watch, err := b.kv.Watch(ctx, key)
	if err != nil {
		return fault.Wrap(fault.Transient, "store_down", fmt.Errorf("wait for a token: %w", err))
	}
	defer func() { _ = watch.Stop() }()
	over := time.NewTimer(until.Sub(b.now()))
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return fault.Wrap(fault.Transient, "token_busy", fmt.Errorf("wait for a token: %w", ctx.Err()))
		case <-over.C:
			return nil
		case entry, ok := <-watch.Updates():
			if !ok || (entry != nil && entry.Revision() > revision) {
				return nil
			}
		}
	}
}
