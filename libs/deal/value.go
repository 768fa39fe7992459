package deal

import (
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Fields are values by field name, each in the canonical form of its type.
type Fields map[string]string

// Blank reports whether no field has a value (R7: a blank never wipes).
func (f Fields) Blank() bool {
	for _, v := range f {
		if v != "" {
			return false
		}
	}
	return true
}

// Fingerprint is a 64-bit hash of the values, the same for every order of
// fields. 0 stands for blank, whatever the number of fields.
func (f Fields) Fingerprint() uint64 {
	if f.Blank() {
		return 0
	}
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	h := fnv.New64a()
	for _, name := range names {
		h.Write([]byte(name))
		h.Write([]byte{0})
		h.Write([]byte(f[name]))
		h.Write([]byte{0})
	}
	if sum := h.Sum64(); sum != 0 {
		return sum
	}
	return 1
}

// maxExponent bounds the power of ten of a number.
const maxExponent = 400

// Canonical brings a value into the canonical form of its type. A value that
// is not of its type is returned as it is, with ok false.
func Canonical(t Type, v string) (canonical string, ok bool) {
	if v == "" {
		return "", true
	}
	switch t {
	case Number:
		d, err := decimal.NewFromString(strings.TrimSpace(v))
		// An exponent may ask for gigabytes of digits; no app means that.
		if err != nil || d.Exponent() > maxExponent || d.Exponent() < -maxExponent {
			return v, false
		}
		return d.String(), true
	case Bool:
		switch strings.ToLower(v) {
		case "true", "1", "yes":
			return "true", true
		case "false", "0", "no":
			return "false", true
		}
		return v, false
	case Date:
		at, err := parseTime(v)
		if err != nil {
			return v, false
		}
		return at.Format(time.DateOnly), true
	case Datetime:
		at, err := parseTime(v)
		if err != nil {
			return v, false
		}
		return at.Format("2006-01-02T15:04:05.999Z07:00"), true
	case Multi:
		return canonicalSet(strings.FieldsFunc(v, semicolon)), true
	case Reference:
		return canonicalSet(Refs(v)), true
	default:
		return v, true
	}
}

func semicolon(r rune) bool { return r == ';' }

// canonicalSet is the members sorted, each once.
func canonicalSet(members []string) string {
	slices.Sort(members)
	return strings.Join(slices.Compact(members), ";")
}

// Refs are the record ids that a Reference holds; none when it is blank.
func Refs(value string) []string {
	ids := strings.FieldsFunc(value, semicolon)
	kept := ids[:0]
	for _, id := range ids {
		if id = strings.TrimSpace(id); id != "" {
			kept = append(kept, id)
		}
	}
	return kept
}

// parseTime reads what the APIs send: RFC 3339, a date, "YYYY-MM-DD HH:MM:SS"
// in UTC, or Unix milliseconds. The result is in UTC, cut to milliseconds, in a
// year that the canonical form can hold.
func parseTime(v string) (time.Time, error) {
	at, err := time.Time{}, errors.New("not a date or time")
	if ms, bad := strconv.ParseInt(v, 10, 64); bad == nil && len(v) > 8 {
		at, err = time.UnixMilli(ms), nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, time.DateTime} {
		if err == nil {
			break
		}
		at, err = time.Parse(layout, v)
	}
	if err != nil {
		return time.Time{}, err
	}
	at = at.UTC().Truncate(time.Millisecond)
	if at.Year() < 0 || at.Year() > 9999 {
		return time.Time{}, errors.New("not a year of four digits")
	}
	return at, nil
}
