// Package seal encrypts secrets at rest (N8): AES-256-GCM with keys that can
// be rotated, each secret bound to the place it belongs to. It keeps no keys
// or secrets anywhere but in memory and never logs either.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/dealsync/dealsync/libs/fault"
)

// Codes of the errors.
const (
	CodeBadKey      = "bad_seal_key"       // Invalid: not a key; GenerateKey makes one
	CodeMalformed   = "bad_seal"           // Invalid: not an envelope, or of a later version
	CodeUnknownKey  = "seal_key_unknown"   // Invalid: sealed with a key that is not among ours
	CodeWrongSecret = "seal_does_not_open" //nolint:gosec // Invalid: changed, or from another place
)

const (
	version  = "ds1"
	keyBytes = 32
)

var encoding = base64.RawURLEncoding

// Sealer seals with its first key and opens with all of them. It is safe for
// concurrent use.
type Sealer struct {
	first string
	keys  map[string]cipher.AEAD // by key id
}

// GenerateKey makes a key, as text: the base64 of 32 random bytes.
func GenerateKey() Secret {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: the program ends if there is no randomness
	return Secret(base64.StdEncoding.EncodeToString(key))
}

// New makes a sealer. The first key seals; the others still open what they
// sealed. To rotate: put a new key in front, seal everything again (see
// Stale), then take the old one out.
func New(keys ...Secret) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, fault.New(fault.Invalid, CodeBadKey, "no key to seal secrets with")
	}
	s := &Sealer{keys: make(map[string]cipher.AEAD, len(keys))}
	for i, text := range keys {
		id, aead, err := parseKey(text)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, CodeBadKey, fmt.Errorf("seal key %d: %w", i+1, err))
		}
		s.keys[id] = aead
		if i == 0 {
			s.first = id
		}
	}
	return s, nil
}

// parseKey reads a key and derives its id. Errors do not repeat the text.
func parseKey(text Secret) (id string, aead cipher.AEAD, err error) {
	plain := strings.TrimRight(strings.TrimSpace(text.Reveal()), "=")
	plain = strings.NewReplacer("-", "+", "_", "/").Replace(plain) // either alphabet
	key, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return "", nil, errors.New("want the base64 of 32 random bytes, but it is not base64")
	}
	if len(key) != keyBytes {
		return "", nil, fmt.Errorf("want the base64 of 32 random bytes, but it has %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", nil, fmt.Errorf("make cipher: %w", err)
	}
	if aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return "", nil, fmt.Errorf("make cipher: %w", err)
	}
	sum := sha256.Sum256(append([]byte("dealsync seal key id\x00"), key...))
	return hex.EncodeToString(sum[:4]), aead, nil
}

// Seal encrypts a secret for a place, e.g. its workspace, connection and kind:
// it opens only there. The result is text: version, key id, and the sealed
// bytes, joined by dots.
func (s *Sealer) Seal(secret Secret, place ...string) string {
	header := version + "." + s.first
	sealed := s.keys[s.first].Seal(nil, nil, []byte(secret.Reveal()), bind(header, place)) //nolint:gosec // it makes its own random nonce
	return header + "." + encoding.EncodeToString(sealed)
}

// Open decrypts what Seal made for the same place. All errors are
// fault.Invalid: no later try helps.
func (s *Sealer) Open(envelope string, place ...string) (Secret, error) {
	id, sealed, err := split(envelope)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, CodeMalformed, err)
	}
	aead, ok := s.keys[id]
	if !ok {
		return "", fault.New(fault.Invalid, CodeUnknownKey, "secret is sealed with key %s, which is not configured", id)
	}
	plain, err := aead.Open(nil, nil, sealed, bind(version+"."+id, place))
	if err != nil {
		return "", fault.Wrap(fault.Invalid, CodeWrongSecret, fmt.Errorf("open secret: it was changed or belongs elsewhere: %w", err))
	}
	return Secret(plain), nil
}

// Stale reports whether the envelope is sealed with another than the first key.
func (s *Sealer) Stale(envelope string) bool {
	id, _, err := split(envelope)
	return err == nil && id != s.first
}

func split(envelope string) (id string, sealed []byte, err error) {
	parts := strings.Split(envelope, ".")
	if len(parts) != 3 || parts[0] != version {
		return "", nil, fmt.Errorf("sealed secret: not of the form %s.<key>.<data>", version)
	}
	sealed, err = encoding.Strict().DecodeString(parts[2])
	if err != nil {
		return "", nil, fmt.Errorf("sealed secret: %w", err)
	}
	return parts[1], sealed, nil
}

// bind makes the additional data: header and place, each with its length, so
// that no two places read the same.
func bind(header string, place []string) []byte {
	data := []byte(header)
	for _, p := range place {
		data = binary.BigEndian.AppendUint32(data, uint32(len(p))) //nolint:gosec // names are short
		data = append(data, p...)
	}
	return data
}
