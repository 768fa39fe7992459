package configure

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/fault"
)

// sorted goes through a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

func noWorkspace(name string) error {
	return fault.New(fault.NotFound, "unknown_workspace", "there is no workspace %q", name)
}

// list joins names for people.
func list(names []string) string { return strings.Join(names, ", ") }
