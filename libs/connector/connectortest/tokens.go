package connectortest

import (
	"context"
	"sync"

	"github.com/dealsync/dealsync/libs/connector"
)

// Tokens is a token source that gives the first token until the app refuses
// it, then the next one.
type Tokens struct {
	mu     sync.Mutex
	tokens []connector.Token
}

// NewTokens makes a source of tokens of one scheme.
func NewTokens(scheme string, values ...string) *Tokens {
	t := &Tokens{}
	for _, v := range values {
		t.tokens = append(t.tokens, connector.Token{Value: v, Scheme: scheme})
	}
	return t
}

// Token implements connector.TokenSource.
func (t *Tokens) Token(_ context.Context, stale string) (connector.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.tokens) > 1 && t.tokens[0].Value == stale {
		t.tokens = t.tokens[1:]
	}
	return t.tokens[0], nil
}
