package hubspot

import (
	"cmp"
	"slices"
	"sync"
)

// linkKey names one side of the links of a record to another object type.
type linkKey struct {
	from string
	id   int64
	to   string
}

// link is a link to a record, with the ids of its types as seen from this side.
type link struct {
	id    int64
	types []int
}

// links holds all associations of a portal, in both directions.
type links struct {
	mu     sync.RWMutex
	m      map[linkKey][]link
	labels []*linkLabel
}

// linkLabel is a label that a user made for links between two types.
type linkLabel struct {
	from, to string
	typeID   int
	inverse  int
	name     string
	label    string
}

type pairType struct{ unlabeled, primary int }

// linkTypes are HubSpot's own type ids per direction.
var linkTypes = map[[2]string]pairType{
	{"deals", "contacts"}:     {3, 0},
	{"contacts", "deals"}:     {4, 0},
	{"deals", "companies"}:    {341, 5},
	{"companies", "deals"}:    {342, 6},
	{"contacts", "companies"}: {279, 1},
	{"companies", "contacts"}: {280, 2},
	{"deals", "deals"}:        {451, 0},
}

func pairTypes(a, b *kind) pairType { return linkTypes[[2]string{a.name, b.name}] }

// of lists the links of a record to a type, by id of the other record.
func (l *links) of(from *kind, id int64, to *kind) []link {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.m[linkKey{from.name, id, to.name}])
}

// inverse is the type id of the same link seen from the other side; 0 if the
// type does not go from a to b.
func (l *links) inverse(a, b *kind, typ int) int {
	ab, ba := pairTypes(a, b), pairTypes(b, a)
	switch {
	case typ == ab.unlabeled && typ != 0:
		return ba.unlabeled
	case typ == ab.primary && typ != 0:
		return ba.primary
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, lb := range l.labels {
		if lb.from == a.name && lb.to == b.name && lb.typeID == typ {
			return lb.inverse
		}
	}
	return 0
}

// put sets the types of the link between two records (replace) or adds to them.
// It returns the types that are new.
func (l *links) put(a *kind, id int64, b *kind, id2 int64, types []int, replace bool) (added []int) {
	unlabeled := pairTypes(a, b).unlabeled
	if !slices.Contains(types, unlabeled) {
		types = append(slices.Clone(types), unlabeled)
	}
	back := make([]int, len(types))
	for i, t := range types {
		back[i] = l.inverse(a, b, t)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := pairTypes(a, b).primary; p != 0 && slices.Contains(types, p) && a.name != "companies" {
		l.demote(a, id, b, p)
	}
	added = l.side(linkKey{a.name, id, b.name}, id2, types, replace)
	l.side(linkKey{b.name, id2, a.name}, id, back, replace)
	return added
}

// demote takes the primary mark from the company that has it so far.
func (l *links) demote(a *kind, id int64, b *kind, primary int) {
	back := pairTypes(b, a).primary
	for i, ln := range l.m[linkKey{a.name, id, b.name}] {
		if slices.Contains(ln.types, primary) {
			l.m[linkKey{a.name, id, b.name}][i].types = without(ln.types, primary)
			for j, other := range l.m[linkKey{b.name, ln.id, a.name}] {
				if other.id == id {
					l.m[linkKey{b.name, ln.id, a.name}][j].types = without(other.types, back)
				}
			}
		}
	}
}

func without(types []int, t int) []int {
	return slices.DeleteFunc(slices.Clone(types), func(x int) bool { return x == t })
}

func (l *links) side(k linkKey, id int64, types []int, replace bool) (added []int) {
	list := slices.Clone(l.m[k])
	i, ok := slices.BinarySearchFunc(list, id, func(e link, id int64) int { return cmp.Compare(e.id, id) })
	if !ok {
		l.m[k] = slices.Insert(list, i, link{id, slices.Clone(types)})
		return types
	}
	have := list[i].types
	next := slices.Clone(types)
	if !replace {
		next = slices.Clone(have)
	}
	for _, t := range types {
		if !slices.Contains(have, t) {
			added = append(added, t)
			if !replace {
				next = append(next, t)
			}
		}
	}
	list[i].types = next
	l.m[k] = list
	return added
}

// drop removes types from a link; nil, or the unlabeled type, removes the link.
// It reports whether there was anything to remove.
func (l *links) drop(a *kind, id int64, b *kind, id2 int64, types []int) bool {
	whole := types == nil || slices.Contains(types, pairTypes(a, b).unlabeled)
	back := make([]int, len(types))
	for i, t := range types {
		back[i] = l.inverse(a, b, t)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	had := l.cut(linkKey{a.name, id, b.name}, id2, types, whole)
	l.cut(linkKey{b.name, id2, a.name}, id, back, whole)
	return had
}

func (l *links) cut(k linkKey, id int64, types []int, whole bool) bool {
	list := slices.Clone(l.m[k])
	i := slices.IndexFunc(list, func(e link) bool { return e.id == id })
	if i < 0 {
		return false
	}
	if whole {
		list = slices.Delete(list, i, i+1)
	} else {
		for _, t := range types {
			list[i].types = without(list[i].types, t)
		}
	}
	l.m[k] = list
	return true
}
