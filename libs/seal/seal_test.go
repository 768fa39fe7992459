package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/seal"
)

var place = []string{"acme", "hubspot", "access_token"}

func sealer(t *testing.T, keys ...seal.Secret) *seal.Sealer {
	t.Helper()
	s, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASecretOpensOnlyWhereItBelongs(t *testing.T) {
	t.Parallel()
	key, other := seal.GenerateKey(), seal.GenerateKey()
	s := sealer(t, key)
	const token = "pat-eu1-ünïcode"
	envelope := s.Seal(token, place...)
	if strings.Contains(envelope, "pat") || envelope == s.Seal(token, place...) {
		t.Fatalf("envelope %q tells something", envelope)
	}
	parts := strings.Split(envelope, ".")
	sealed, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sealed[len(sealed)-1] ^= 1
	changed := parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(sealed)

	for _, tc := range []struct {
		name     string
		opener   *seal.Sealer
		envelope string
		place    []string
		code     string
	}{
		{"its own place opens it", s, envelope, place, ""},
		{"a sealer of the same key opens it", sealer(t, key), envelope, place, ""},
		{"an old key still opens it", sealer(t, other, key), envelope, place, ""},
		{"another key does not", sealer(t, other), envelope, place, seal.CodeUnknownKey},
		{"another workspace does not", s, envelope, []string{"evil", "hubspot", "access_token"}, seal.CodeWrongSecret},
		{"nor does the same text cut otherwise", s, envelope, []string{"acmehubspot", "", "access_token"}, seal.CodeWrongSecret},
		{"nor a part of the place", s, envelope, place[:2], seal.CodeWrongSecret},
		{"a changed envelope does not open", s, changed, place, seal.CodeWrongSecret},
		{"a cut envelope does not", s, parts[0] + "." + parts[1] + ".AAAA", place, seal.CodeWrongSecret},
		{"a later version does not", s, "ds2." + parts[1] + "." + parts[2], place, seal.CodeMalformed},
		{"plain text is no envelope", s, token, place, seal.CodeMalformed},
		{"nothing is no envelope", s, "", place, seal.CodeMalformed},
		{"data that is not base64 is none", s, parts[0] + "." + parts[1] + ".!", place, seal.CodeMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.opener.Open(tc.envelope, tc.place...)
			if tc.code == "" {
				if err != nil || got.Reveal() != token {
					t.Fatalf("opened %q, %v", got.Reveal(), err)
				}
				return
			}
			if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != tc.code || got != "" {
				t.Fatalf("opened %q, %v (%s); want %s", got.Reveal(), err, fault.CodeOf(err), tc.code)
			}
		})
	}
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	old, fresh := seal.GenerateKey(), seal.GenerateKey()
	envelope := sealer(t, old).Seal("x", place...)
	both := sealer(t, fresh, old)
	if !both.Stale(envelope) {
		t.Fatal("a secret of the old key should be sealed again")
	}
	secret, err := both.Open(envelope, place...)
	if err != nil {
		t.Fatal(err)
	}
	again := both.Seal(secret, place...)
	if both.Stale(again) || both.Stale("no envelope") {
		t.Fatal("only envelopes of the old key are stale")
	}
	if got, err := sealer(t, fresh).Open(again, place...); err != nil || got != "x" {
		t.Fatalf("without the old key: %v", err)
	}
}

func TestAKeyIsTheBase64Of32Bytes(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{0xfb, 0xff}, 16)
	for _, tc := range []struct {
		name string
		keys []seal.Secret
		ok   bool
	}{
		{"a generated key is one", []seal.Secret{seal.GenerateKey()}, true},
		{"so is one in the URL alphabet", []seal.Secret{seal.Secret(base64.RawURLEncoding.EncodeToString(raw))}, true},
		{"and one with a line end", []seal.Secret{seal.Secret(base64.StdEncoding.EncodeToString(raw) + "\n")}, true},
		{"no key is refused", nil, false},
		{"an empty key is refused", []seal.Secret{""}, false},
		{"a passphrase is refused", []seal.Secret{"correct horse battery staple and more"}, false},
		{"a shorter key is refused", []seal.Secret{seal.Secret(base64.StdEncoding.EncodeToString(raw[:16]))}, false},
		{"a bad second key is refused", []seal.Secret{seal.GenerateKey(), "short"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.New(tc.keys...)
			if tc.ok {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("got %v", err)
			}
			for _, k := range tc.keys {
				if k != "" && strings.Contains(err.Error(), k.Reveal()) {
					t.Fatalf("the error repeats the key: %v", err)
				}
			}
		})
	}
}

func TestASecretNeverShowsItself(t *testing.T) {
	t.Parallel()
	const s = seal.Secret("hunter2")
	holder := struct {
		S seal.Secret
		P *seal.Secret
	}{S: s, P: new(s)}
	shown := map[string]string{}
	for _, verb := range []string{"%v", "%s", "%q", "%x", "%X", "%+v", "%#v", "%d", "%10.3s"} {
		shown["fmt "+verb] = fmt.Sprintf(verb, s)
		shown["fmt struct "+verb] = fmt.Sprintf(verb, holder)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "holder", holder)
	shown["slog"] = log.String()
	j, err := json.Marshal(map[string]any{"s": s, "holder": holder})
	if err != nil {
		t.Fatal(err)
	}
	shown["json"] = string(j)
	y, err := yaml.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown["yaml"] = string(y)
	shown["error"] = fmt.Errorf("refused %s", s).Error()
	for how, text := range shown {
		for _, leak := range []string{"hunter2", "68756e74657232", "68756E74657232", "hun"} {
			if strings.Contains(text, leak) {
				t.Errorf("%s shows %q", how, text)
			}
		}
	}
	if seal.Secret("").String() != "" {
		t.Error("no secret should look like none")
	}
	var read struct{ S seal.Secret }
	if err := yaml.Unmarshal([]byte("s: hunter2"), &read); err != nil || read.S.Reveal() != "hunter2" {
		t.Errorf("read %q from YAML, %v", read.S.Reveal(), err)
	}
	if err := json.Unmarshal([]byte(`{"S":"hunter2"}`), &read); err != nil || read.S.Reveal() != "hunter2" {
		t.Errorf("read %q from JSON, %v", read.S.Reveal(), err)
	}
}
