package deal

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

var pairAlphabet = base32.StdEncoding.WithPadding(base32.NoPadding)

// PairID names the pair of the record that was seen first, on its side, under
// one sync. It is a function of its arguments alone, so that a replay finds
// the same pair (N2). 20 lower-case characters, 100 bits.
func PairID(workspace, sync string, side Side, record string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{workspace, sync, side.String(), record}, "\x00")))
	return strings.ToLower(pairAlphabet.EncodeToString(sum[:])[:20])
}
