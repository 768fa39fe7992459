package document_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/services/config/internal/document"
)

const schemaFile = "../../../../docs/reference/dealsync.v1.schema.json"

func TestThePublishedSchemaIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(document.Schema(published()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run go test ./services/config/internal/document -update (-want +published):\n%s", diff)
	}
}

// published is the catalogue of this build, whose names the pages show.
func published() document.Catalogue {
	all := document.Catalogue{}
	for _, app := range apps.List() {
		all[app.Manifest.App] = document.App{Title: app.Manifest.Title}
	}
	return all
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(document.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(document.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// shape are the codes of problems that a JSON Schema can see. The others are
// about more than one value, or about their meaning.
var shape = []string{"unknown_key", "wrong_type", "missing_required", "unknown_value", "bad_name"}

// The schema and the parser are made from the same tags: what one takes, the
// other takes.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	schema := compile(t)
	inputs, err := filepath.Glob("testdata/*/input.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, input := range inputs {
		content, err := os.ReadFile(input)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(string(content), "---\n") {
			var value any
			if yaml.Unmarshal([]byte(part), &value) != nil || value == nil {
				continue
			}
			_, problems := document.Parse([]document.File{{Name: input, Content: []byte(part)}}, catalogue)
			raw, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			refused := schema.Validate(instance)
			seen := slices.ContainsFunc(problems, func(p document.Problem) bool { return slices.Contains(shape, p.Code) })
			if refused != nil && len(problems) == 0 {
				t.Errorf("%s: the parser takes what the schema refuses: %v\n%s", input, refused, part)
			}
			if refused == nil && seen {
				t.Errorf("%s: the schema takes what the parser refuses: %v\n%s", input, problems, part)
			}
		}
	}
}
