package stat

import "sync/atomic"

// Deeds that are counted by object type. All but Edited are done through the API.
const (
	Created     = "created"
	Updated     = "updated"
	Deleted     = "deleted"
	Merged      = "merged"
	Associated  = "associated"
	Dissociated = "dissociated"
	Edited      = "edited" // any change that a person made, through the control API
)

type deed struct{ object, what string }

// Record counts a change of one record.
func (c *Counters) Record(object, what string) {
	if what == Edited {
		c.Edits.Add(1)
	} else {
		c.Writes.Add(1)
	}
	c.note(deed{object, what})
}

// Link counts an association that was made or removed. It is no write of a
// record, so the sum of writes leaves it out.
func (c *Counters) Link(from, to, what string) { c.note(deed{from + "/" + to, what}) }

func (c *Counters) note(d deed) {
	n, ok := c.objects.Load(d)
	if !ok {
		n, _ = c.objects.LoadOrStore(d, &atomic.Int64{})
	}
	n.(*atomic.Int64).Add(1)
}

func (c *Counters) deeds() map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	c.objects.Range(func(k, v any) bool {
		d := k.(deed)
		if out[d.object] == nil {
			out[d.object] = map[string]int64{}
		}
		out[d.object][d.what] = v.(*atomic.Int64).Load()
		return true
	})
	return out
}
