package connector

import (
	"context"
	"net/http"
	"time"
)

// Call describes one API call to the transport that counts, meters and paces
// it. Drivers attach it to the request's context.
type Call struct {
	// Op is a stable, low-cardinality name such as "deals.batch_update".
	Op string
	// Cost is what the call takes from a daily budget; 0 counts as 1.
	Cost int
	// Search: the call is also bound by Manifest.SearchBudget.
	Search bool
}

type (
	callKey struct{}
	laneKey struct{}
)

// WithCall attaches call to ctx.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

func callOf(ctx context.Context) Call {
	call, ok := ctx.Value(callKey{}).(Call)
	if !ok {
		call.Op = "other"
	}
	call.Cost = max(call.Cost, 1)
	return call
}

// Lanes of the rate budget. Live goes before bulk; a reserve is for people who
// are waiting at a screen.
const (
	LaneLive   = "live"
	LaneBulk   = "bulk"
	LanePeople = "people"
)

// WithLane says which lane the calls made with ctx are for; without it they are
// live.
func WithLane(ctx context.Context, lane string) context.Context {
	return context.WithValue(ctx, laneKey{}, lane)
}

// WithBulk marks work that must wait for live work: backfills and repairs.
func WithBulk(ctx context.Context) context.Context { return WithLane(ctx, LaneBulk) }

func laneOf(ctx context.Context) string {
	if lane, ok := ctx.Value(laneKey{}).(string); ok {
		return lane
	}
	return LaneLive
}

// NewHTTPTransport is a transport that keeps enough connections to one host
// alive for parallel writes.
func NewHTTPTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConns:          512,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
		ForceAttemptHTTP2:     true,
	}
}
