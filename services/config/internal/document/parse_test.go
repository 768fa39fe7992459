package document_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/services/config/internal/document"
)

func TestASecretNeverShowsItself(t *testing.T) {
	t.Parallel()
	s := document.Secret{Value: "hush", Env: "HUSH_NAME"}
	spec := document.ConnectionSpec{App: "hubspot", Auth: document.Auth{Token: &s}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "pointer", &s, "spec", spec)
	raw, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %q %x", s, s, s, s, s), fmt.Sprintf("%+v", spec.Auth.Token), string(raw), log.String()} {
		if strings.Contains(strings.ToLower(text), "hush") || strings.Contains(text, "68757368") {
			t.Errorf("shown: %s", text)
		}
	}
}

func TestAnEncodedDocumentReadsBack(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/a_full_set_is_fine/input.yaml")
	if err != nil {
		t.Fatal(err)
	}
	docs, problems := document.Parse([]document.File{{Name: "input.yaml", Content: content}}, catalogue)
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	first, err := document.Encode(docs)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := document.Parse([]document.File{{Name: "again.yaml", Content: first}}, catalogue)
	if len(problems) != 0 || len(again) != len(docs) {
		t.Fatalf("%v\n%s", problems, first)
	}
	second, err := document.Encode(again)
	if err != nil || string(first) != string(second) {
		t.Errorf("%v\nfirst:\n%s\nsecond:\n%s", err, first, second)
	}
}

// Any input gives documents or placed problems, never a panic; and what is
// fine stays fine when written and read again.
func FuzzParse(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*/input.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, input := range inputs {
		content, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		docs, problems := document.Parse([]document.File{{Name: "f", Content: content}}, catalogue)
		world := document.World{}
		world.Add(docs)
		document.CheckReferences(docs, world, catalogue)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Code == "" || p.Message == "" {
				t.Errorf("problem without a place: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		written, err := document.Encode(docs)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := document.Parse([]document.File{{Name: "w", Content: written}}, catalogue); len(problems) > 0 {
			t.Errorf("%v in what was fine before:\n%s", problems, written)
		}
	})
}
