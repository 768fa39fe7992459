package ledger

import (
	"fmt"
	"testing"
)

func TestTheCacheNeverGoesBack(t *testing.T) {
	t.Parallel()
	at := func(revision uint64) Entry[int] { return Entry[int]{Revision: revision} }
	for _, tc := range []struct {
		name string
		do   func(c *cache[int])
		want uint64 // 0: nothing
	}{
		{"what was read is kept", func(c *cache[int]) { c.load("k", at(3), c.mark("k")) }, 3},
		{"what was written is kept", func(c *cache[int]) { c.store("k", at(3)) }, 3},
		{"an older write that is late does not replace a newer", func(c *cache[int]) { c.store("k", at(4)); c.store("k", at(3)) }, 4},
		{"a read from before a write is not kept", func(c *cache[int]) {
			mark := c.mark("k")
			c.store("k", at(4))
			c.load("k", at(3), mark)
		}, 4},
		{"a read from before a delete does not bring it back", func(c *cache[int]) {
			mark := c.mark("k")
			c.drop("k")
			c.load("k", at(3), mark)
		}, 0},
		{"what is used least goes first", func(c *cache[int]) {
			c.store("k", at(3))
			for i := range 1000 {
				c.store(Key(fmt.Sprint(i)), at(1))
			}
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newCache[int](64)
			tc.do(c)
			e, ok := c.get("k")
			if ok != (tc.want != 0) || e.Revision != tc.want {
				t.Fatalf("got revision %d, %t; want %d", e.Revision, ok, tc.want)
			}
		})
	}
	t.Run("a cache of nothing keeps nothing", func(t *testing.T) {
		t.Parallel()
		c := newCache[int](-1)
		c.store("k", at(1))
		c.load("k", at(2), c.mark("k"))
		c.drop("k")
		if _, ok := c.get("k"); ok {
			t.Fatal("kept")
		}
	})
}
