package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dealsync/dealsync/libs/bus"
)

// replayLife is how long a signature is remembered: HubSpot's own limit of
// five minutes on a timestamp, both ways.
const replayLife = 10 * time.Minute

// Replays remembers signatures over all replicas.
type Replays interface {
	// Claim reports whether key is seen for the first time.
	Claim(ctx context.Context, key string) (first bool, err error)
	// Release forgets a claim, because its delivery was not stored.
	Release(ctx context.Context, key string) error
}

// NewReplays remembers in Redis.
func NewReplays(rdb redis.UniversalClient) Replays { return replays{rdb} }

type replays struct{ rdb redis.UniversalClient }

func (r replays) Claim(ctx context.Context, key string) (bool, error) {
	first, err := r.rdb.SetNX(ctx, redisKey(key), 1, replayLife).Result()
	if err != nil {
		return false, fmt.Errorf("remember signature: %w", err)
	}
	return first, nil
}

func (r replays) Release(ctx context.Context, key string) error {
	if err := r.rdb.Del(ctx, redisKey(key)).Err(); err != nil {
		return fmt.Errorf("forget signature: %w", err)
	}
	return nil
}

func redisKey(key string) string { return "dealsync:replay:" + bus.EncodeToken(key) }
