package document_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/services/config/internal/document"
)

const reference = "../../../../docs/reference/configuration.md"

const intro = `# Configuration documents

YAML, any number of documents in a file, applied as a whole with ` + "`dealsync apply -f FILE|DIR`" + `: all are stored, or none.
The same as [JSON Schema](dealsync.v1.schema.json). This page is made from the program's own description of the documents;
` + "`go test ./services/config/internal/document -update`" + ` renews both.

Every document has ` + "`apiVersion: dealsync/v1`, `kind`, `metadata` and `spec`" + `. A secret is ` + "`{value: ...}`, `{env: NAME}` or `{file: PATH}`" + `;
the last two are read where the documents are applied. An export shows ` + "`{stored: true}`" + ` instead, which keeps what is stored.
`

// page writes one table for each part of a document, outermost first.
func page(t *testing.T) string {
	t.Helper()
	defs := part(t, document.Schema(published()), "$defs")
	out := strings.Builder{}
	out.WriteString(intro)
	for _, kind := range []string{document.KindWorkspace, document.KindConnection, document.KindSync} {
		table(t, &out, kind, part(t, defs, kind+"Spec"))
	}
	names := slices.Sorted(maps.Keys(defs))
	for _, name := range names {
		title := strings.TrimSuffix(name, "Spec")
		if title != name && title != "Workspace" && title != "Connection" && title != "Sync" {
			table(t, &out, title, part(t, defs, name))
		}
	}
	return out.String()
}

func part(t *testing.T, m map[string]any, name string) map[string]any {
	t.Helper()
	p, ok := m[name].(map[string]any)
	if !ok {
		t.Fatalf("the schema has no %s", name)
	}
	return p
}

func table(t *testing.T, out *strings.Builder, title string, def map[string]any) {
	t.Helper()
	required, _ := def["required"].([]string)
	properties := part(t, def, "properties")
	fmt.Fprintf(out, "\n## %s\n\n| key | type | default | meaning |\n|---|---|---|---|\n", title)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		p := part(t, properties, name)
		value, _ := p["default"].(string)
		if slices.Contains(required, name) {
			value = "required"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", name, kindOf(t, p), value, p["description"])
	}
}

func kindOf(t *testing.T, p map[string]any) string {
	t.Helper()
	if ref, ok := p["$ref"].(string); ok {
		name := strings.TrimSuffix(strings.TrimPrefix(ref, "#/$defs/"), "Spec")
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	}
	if enum, ok := p["enum"].([]string); ok {
		return "`" + strings.Join(enum, "`, `") + "`"
	}
	if _, ok := p["oneOf"]; ok {
		return "value or list"
	}
	if p["type"] == "array" {
		return "list of " + kindOf(t, part(t, p, "items"))
	}
	if pattern, ok := p["pattern"].(string); ok && strings.Contains(pattern, "ms|s|m|h") {
		return "duration"
	}
	return fmt.Sprint(p["type"])
}

func TestTheReferencePageIsCurrent(t *testing.T) {
	t.Parallel()
	want := page(t)
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run go test ./services/config/internal/document -update (-want +published):\n%s", diff)
	}
}
