package ledger

import (
	"hash/maphash"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cacheParts spreads keys over locks of their own.
const cacheParts = 32

// cache keeps the entries that were used last. It never goes back: an older
// revision does not replace a newer one, and a read does not bring back what
// was written or dropped while it was under way.
type cache[T any] struct {
	seed  maphash.Seed
	parts []part[T] // none: nothing is cached
}

type part[T any] struct {
	mu  sync.Mutex
	lru *simplelru.LRU[Key, Entry[T]]
	// writes counts stores and drops, so that a load can tell whether one of
	// them came between; one of another key costs no more than a later load.
	writes uint64
}

func newCache[T any](size int) *cache[T] {
	c := &cache[T]{seed: maphash.MakeSeed()}
	if size <= 0 {
		return c
	}
	c.parts = make([]part[T], cacheParts)
	for i := range c.parts {
		// The size is positive, so there is no error.
		c.parts[i].lru, _ = simplelru.NewLRU[Key, Entry[T]]((size+cacheParts-1)/cacheParts, nil)
	}
	return c
}

// part is the key's part, locked; nil when nothing is cached.
func (c *cache[T]) part(key Key) *part[T] {
	if len(c.parts) == 0 {
		return nil
	}
	p := &c.parts[maphash.String(c.seed, string(key))%cacheParts]
	p.mu.Lock()
	return p
}

func (c *cache[T]) get(key Key) (e Entry[T], ok bool) {
	if p := c.part(key); p != nil {
		defer p.mu.Unlock()
		return p.lru.Get(key)
	}
	return e, false
}

// mark is what load wants to know about the time before the read.
func (c *cache[T]) mark(key Key) uint64 {
	if p := c.part(key); p != nil {
		defer p.mu.Unlock()
		return p.writes
	}
	return 0
}

// load keeps what was read since mark, unless something was written meanwhile.
func (c *cache[T]) load(key Key, e Entry[T], mark uint64) {
	if p := c.part(key); p != nil {
		defer p.mu.Unlock()
		if p.writes == mark {
			p.keep(key, e)
		}
	}
}

// store keeps what was written.
func (c *cache[T]) store(key Key, e Entry[T]) {
	if p := c.part(key); p != nil {
		defer p.mu.Unlock()
		p.writes++
		p.keep(key, e)
	}
}

func (c *cache[T]) drop(key Key) {
	if p := c.part(key); p != nil {
		defer p.mu.Unlock()
		p.writes++
		p.lru.Remove(key)
	}
}

func (p *part[T]) keep(key Key, e Entry[T]) {
	if old, ok := p.lru.Peek(key); !ok || old.Revision < e.Revision {
		p.lru.Add(key, e)
	}
}
