package seal

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that shows itself only to who calls Reveal. Whatever prints,
// logs or encodes it gets a placeholder; it still can be read from YAML and
// JSON. Two places are beyond its reach, so keep secrets out of them: keys of
// JSON objects, and unexported fields of a struct that is printed with %v.
type Secret string

const redacted = "[secret]"

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String is a placeholder, or "" when there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString is what %#v prints.
func (s Secret) GoString() string { return s.String() }

// Format prints the placeholder for every verb, %x and %q included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is what slog logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what JSON and most other encoders write.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON is what JSON encoders write.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML is what YAML encoders write.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
