package ledger

import (
	"fmt"
	"strings"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/deal"
)

// Key names a document: tokens in the encoding of subjects, joined by dots.
// The first token is always the workspace, so that no key of one workspace is
// a key of another (N9).
type Key string

// Prefix is the key part that all keys starting with these tokens share.
func Prefix(tokens ...string) Key {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(bus.EncodeToken(t))
	}
	return Key(b.String())
}

// RecordKey is the key of a record's copy.
func RecordKey(workspace, connection, object, record string) Key {
	return Prefix(workspace, connection, object, record)
}

// LinkKey is the key of a record's link under one sync.
func LinkKey(workspace, connection, object, record, sync string) Key {
	return Prefix(workspace, connection, object, record, sync)
}

// PairKey is the key of a pair.
func PairKey(workspace, sync, pair string) Key { return Prefix(workspace, sync, pair) }

// CreateKey is the key of the intent to create a pair's record on a side.
func CreateKey(workspace, sync, pair string, side deal.Side) Key {
	return Prefix(workspace, sync, pair, side.String())
}

// CursorKey is the key of a position; kind is [PollCursor], or another kind of
// cursor with the name of its sync behind.
func CursorKey(workspace, connection, object, kind string) Key {
	return Prefix(workspace, connection, object, kind)
}

// GroupKey is the key of the records of a sync that share a value of a match
// rule.
func GroupKey(workspace, sync, rule, value string) Key { return Prefix(workspace, sync, rule, value) }

// GroupedKey is the key of the list of groups that a record is in.
func GroupedKey(workspace, sync string, side deal.Side, record string) Key {
	return Prefix(workspace, sync, side.String(), record)
}

// WaitingKey is the key of what waits for a record's counterpart under a sync.
func WaitingKey(workspace, sync string, side deal.Side, record string) Key {
	return Prefix(workspace, sync, side.String(), record)
}

// Tokens are the decoded parts of the key.
func (k Key) Tokens() ([]string, error) {
	tokens := strings.Split(string(k), ".")
	for i, t := range tokens {
		plain, err := bus.DecodeToken(t)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", string(k), err)
		}
		tokens[i] = plain
	}
	return tokens, nil
}
