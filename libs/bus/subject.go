package bus

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/libs/fault"
)

// Stage is a step of the pipeline and the stream that leads to it.
type Stage string

// The stages, in the order a message passes them; Journal and Parked keep what happened.
const (
	Notices   Stage = "notices"
	Changes   Stage = "changes"
	Proposals Stage = "proposals"
	Writes    Stage = "writes"
	Journal   Stage = "journal"
	Parked    Stage = "parked"
)

var allStages = []Stage{Notices, Changes, Proposals, Writes, Journal, Parked}

// Lane keeps backfill from delaying people's edits.
type Lane string

// The two lanes.
const (
	Live Lane = "live"
	Bulk Lane = "bulk"
)

const (
	published = "dealsync"  // what publishers write
	stored    = "dealsyncq" // what a stage stream stores: with generation and partition
)

// Subject addresses a message. Workspace, Connection, Object and Key together
// are what order is kept by; give unordered messages a Key of their own, else
// they wait for each other.
type Subject struct {
	Stage                              Stage
	Lane                               Lane
	Workspace, Connection, Object, Key string
}

// String is the subject to publish to; an empty Lane means Live.
func (s Subject) String() string {
	b := make([]byte, 0, 128)
	b = append(b, published...)
	b = append(b, '.')
	b = append(b, s.Stage...)
	b = append(b, '.')
	if s.Lane == "" {
		s.Lane = Live
	}
	b = append(b, s.Lane...)
	for _, t := range [...]string{s.Workspace, s.Connection, s.Object, s.Key} {
		b = append(b, '.')
		b = append(b, EncodeToken(t)...)
	}
	return string(b)
}

// Partition is the partition of n that the server puts s into: FNV-1a over the
// four key tokens.
func (s Subject) Partition(n int) int {
	h := uint32(2166136261)
	for _, t := range [...]string{s.Workspace, s.Connection, s.Object, s.Key} {
		for _, c := range []byte(EncodeToken(t)) {
			h = (h ^ uint32(c)) * 16777619
		}
	}
	return int(h % uint32(n))
}

// ParseSubject reads a subject as published or as stored (with generation and
// partition). An error is of kind Invalid.
func ParseSubject(raw string) (Subject, error) {
	t := strings.Split(raw, ".")
	if t[0] == stored && len(t) == 9 && isPartition(t[2], t[3]) {
		t = append(t[:2], t[4:]...)
	} else if t[0] != published || len(t) != 7 {
		return Subject{}, fault.New(fault.Invalid, "bad_subject", "subject %q: not one of the bus", raw)
	}
	s := Subject{Stage: Stage(t[1]), Lane: Lane(t[2])}
	if !s.Stage.valid() || !s.Lane.valid() {
		return Subject{}, fault.New(fault.Invalid, "bad_subject", "subject %q: unknown stage or lane", raw)
	}
	for i, field := range [...]*string{&s.Workspace, &s.Connection, &s.Object, &s.Key} {
		v, err := DecodeToken(t[3+i])
		if err != nil {
			return Subject{}, fault.Wrap(fault.Invalid, "bad_subject", err)
		}
		*field = v
	}
	return s, nil
}

// isPartition recognises "g<generation>" and "<partition>".
func isPartition(gen, partition string) bool {
	digits, ok := strings.CutPrefix(gen, "g")
	if !ok {
		return false
	}
	_, err1 := strconv.ParseUint(digits, 10, 31)
	_, err2 := strconv.ParseUint(partition, 10, 31)
	return err1 == nil && err2 == nil
}

func (s Stage) valid() bool { return slices.Contains(allStages, s) }

// queued reports whether the stage is a work queue that Consume works on.
func (s Stage) queued() bool { return s.valid() && s != Journal && s != Parked }

func (l Lane) valid() bool { return l == Live || l == Bulk }

// EncodeToken makes any string one token of a subject or KV key: as it is when
// it is 1 to 64 of A-Z a-z 0-9 _ -, else "=" and unpadded base64url. Every
// string has exactly one encoding.
func EncodeToken(s string) string {
	if plain(s) {
		return s
	}
	return "=" + base64.RawURLEncoding.EncodeToString([]byte(s))
}

// DecodeToken is the inverse of EncodeToken; it refuses what EncodeToken never makes.
func DecodeToken(t string) (string, error) {
	enc, ok := strings.CutPrefix(t, "=")
	if !ok {
		if plain(t) {
			return t, nil
		}
		return "", fault.New(fault.Invalid, "bad_token", "token %q: not encoded", t)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(enc)
	if err != nil {
		return "", fault.New(fault.Invalid, "bad_token", "token %q: %w", t, err)
	}
	if s := string(b); EncodeToken(s) == t {
		return s, nil
	}
	return "", fault.New(fault.Invalid, "bad_token", "token %q: encoded though plain", t)
}

func plain(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
