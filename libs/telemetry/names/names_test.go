package names_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// constants are the names in names.go, without the scopes.
func constants(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if lit, ok := spec.Values[i].(*ast.BasicLit); ok && name.IsExported() {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, text)
			}
		}
		return true
	})
	return all
}

var (
	scheme = regexp.MustCompile(`^dealsync(\.[a-z_]+){2,}$`)
	units  = regexp.MustCompile(`^(s|\{[a-z]+\})$`)
)

func TestEveryMetricKeepsToTheScheme(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range names.Metrics {
		if !scheme.MatchString(m.Name) || !units.MatchString(m.Unit) || m.Meaning == "" || seen[m.Name] {
			t.Errorf("%s (%s): not dealsync.<area>.<what> with a unit and a meaning, or listed twice", m.Name, m.Unit)
		}
		seen[m.Name] = true
	}
}

func TestEveryNameIsExplained(t *testing.T) {
	t.Parallel()
	listed := []string{names.SpanWebhook, names.SpanPublish, names.SpanProcess}
	for _, m := range names.Metrics {
		listed = append(listed, m.Name)
	}
	for _, a := range names.Attributes {
		listed = append(listed, a.Name)
	}
	all := constants(t)
	for _, name := range all {
		if !slices.Contains(listed, name) {
			t.Errorf("%q has a constant and no entry in the catalogue", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(all, name) {
			t.Errorf("%q is in the catalogue and has no constant", name)
		}
	}
}

// unbounded are attributes with as many values as there are records or
// messages; a label of them would exhaust the store of metrics.
var unbounded = []string{names.Key, names.MessagingID, names.ErrorCode, names.Attempt}

func TestLabelsAreBoundedAndExplained(t *testing.T) {
	t.Parallel()
	explained := map[string]bool{}
	for _, a := range names.Attributes {
		explained[a.Name] = true
	}
	for _, m := range names.Metrics {
		for _, l := range m.Labels {
			if slices.Contains(unbounded, l) || !explained[l] {
				t.Errorf("%s: label %s", m.Name, l)
			}
		}
	}
	for _, s := range names.Spans {
		for _, a := range s.Attributes {
			if !explained[a] {
				t.Errorf("span %s: attribute %s", s.Name, a)
			}
		}
	}
}
