package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file; both count from 1.
type Position struct{ Line, Column int }

// Problem is one thing that is wrong: where, a stable code, and in words what
// is wrong and what is allowed.
type Problem struct {
	File string
	Position
	Code    string
	Message string

	path string
}

// String is the form of compilers: file:line:column: message [code].
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s [%s]", p.File, p.Line, p.Column, p.Message, p.Code)
}

// Sort orders problems by where they are.
func Sort(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), strings.Compare(a.Code, b.Code))
	})
}

// Problem makes a problem of the value at path, or of the nearest part around
// it that is written.
func (d *Document) Problem(path, code, format string, args ...any) Problem {
	return Problem{File: d.File, Position: d.position(path), Code: code, Message: fmt.Sprintf(format, args...), path: path}
}

// sound leaves out problems of values that were not read as they should be:
// what is wrong with them is told already.
func (d *Document) sound(problems []Problem) []Problem {
	return slices.DeleteFunc(problems, func(p Problem) bool {
		return slices.ContainsFunc(d.bad, func(bad string) bool {
			return within(bad, p.path) || within(p.path, bad)
		})
	})
}

// within reports whether path is around, or a part of it.
func within(path, around string) bool {
	rest, ok := strings.CutPrefix(path, around)
	return ok && (rest == "" || around == "" || rest[0] == '.' || rest[0] == '[')
}

func (d *Document) position(path string) Position {
	for path != "" {
		if at, ok := d.at[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return d.start
}

// Nearest is the one of allowed that got was probably meant to be, or "".
func Nearest(got string, allowed []string) string {
	best, least := "", len(got)/3+1
	for _, a := range allowed {
		if strings.EqualFold(a, got) {
			return a
		}
		if d := distance(strings.ToLower(got), strings.ToLower(a), least); d < least {
			best, least = a, d
		}
	}
	return best
}

// distance is the number of single-letter edits and swaps of neighbours from a
// to b. What differs by limit in length alone is not looked at.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			step := last[j]
			if a[i] != b[j] {
				step++
			}
			row[j+1] = min(step, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Allowed says what may be written instead of got, the likeliest first.
func Allowed(got string, allowed []string) string {
	if len(allowed) == 0 {
		return "there is none"
	}
	list := "allowed: " + strings.Join(allowed, ", ")
	if n := Nearest(got, allowed); n != "" {
		return fmt.Sprintf("did you mean %q? %s", n, list)
	}
	return list
}
