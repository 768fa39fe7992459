package document

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// Duration is a length of time as written: "5m", "60s".
type Duration string

// Or is the length, or d when nothing is written.
func (d Duration) Or(other time.Duration) time.Duration {
	if parsed, err := time.ParseDuration(string(d)); err == nil {
		return parsed
	}
	return other
}

// Values are what a condition compares with. One is written as a scalar.
type Values []string

// MarshalJSON writes one value as itself and several as a list.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// UnmarshalJSON reads both forms.
func (v *Values) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*v = Values{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(v))
}

// Secret is a secret value or where it comes from. Printing, logging or
// encoding it never shows the value (N8).
type Secret struct {
	Value string `json:"value,omitempty" desc:"The secret itself."`
	Env   string `json:"env,omitempty" desc:"Environment variable of whoever applies the document."`
	File  string `json:"file,omitempty" desc:"File of whoever applies the document, relative to the document; surrounding blanks are cut."`
	// Stored stands for the secret that is stored already, as exports show it.
	Stored bool `json:"stored,omitempty" desc:"Keep the secret that is stored already; exports say so."`
}

// String hides the value.
func (s Secret) String() string { return "(secret)" }

// GoString hides the value.
func (s Secret) GoString() string { return "(secret)" }

// Format hides the value from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("(secret)")) }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue("(secret)") }

// MarshalJSON says that there is a secret, and nothing about it.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`{"stored":true}`), nil }

// Secrets are the connection's secrets by path below spec.
func (c *ConnectionSpec) Secrets() map[string]*Secret {
	all := map[string]*Secret{}
	add := func(path string, s *Secret) {
		if s != nil {
			all[path] = s
		}
	}
	add("auth.token", c.Auth.Token)
	if o := c.Auth.OAuth; o != nil {
		add("auth.oauth.clientSecret", &o.ClientSecret)
		add("auth.oauth.refreshToken", &o.RefreshToken)
	}
	if w := c.Webhook; w != nil {
		add("webhook.secret", w.Secret)
		add("webhook.password", w.Password)
		add("webhook.developerKey", w.DeveloperKey)
	}
	return all
}
