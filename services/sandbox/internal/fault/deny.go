package fault

import (
	"fmt"
	"slices"
	"strings"
)

// writeOnly follows an area of which only changes are denied.
const writeOnly = ".write"

// Deny sets the areas of the API that the account may not use, in place of those
// before: "pipelines" denies all calls about them, "pipelines.write" those that
// change them. areas are the names that the double knows.
func (s *Set) Deny(denied, areas []string) error {
	for _, d := range denied {
		if !slices.Contains(areas, strings.TrimSuffix(d, writeOnly)) {
			return fmt.Errorf("unknown area %q: use %s, with .write for changes only", d, strings.Join(areas, ", "))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = slices.Clone(denied)
	return nil
}

// Denied says whether the account may not use an area.
func (s *Set) Denied(area string, write bool) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Contains(s.denied, area) || write && slices.Contains(s.denied, area+writeOnly)
}

// Denials are the areas that the account may not use; never nil.
func (s *Set) Denials() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]string{}, s.denied...)
}
