package document_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/services/config/internal/document"
)

var update = flag.Bool("update", false, "write the problems that are found into the cases")

// catalogue has an app that does not share all objects, as R2 speaks of.
var catalogue = document.Catalogue{
	"hubspot":   {Title: "HubSpot", Objects: []string{"deal", "contact", "company"}},
	"pipedrive": {Title: "Pipedrive", Objects: []string{"deal", "contact"}},
}

// Each case is a folder: input.yaml and the problems it has, one a line, in
// the form of compilers. No problems.txt content means that the input is fine.
func TestDocumentsGetTheProblemsTheyHave(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/*/input.yaml")
	if err != nil || len(cases) < 15 {
		t.Fatalf("found %d cases: %v", len(cases), err)
	}
	for _, input := range cases {
		t.Run(strings.ReplaceAll(filepath.Base(filepath.Dir(input)), "_", " "), func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			docs, problems := document.Parse([]document.File{{Name: "input.yaml", Content: content}}, catalogue)
			world := document.World{}
			world.Add(docs)
			problems = append(problems, document.CheckReferences(docs, world, catalogue)...)
			document.Sort(problems)
			var got strings.Builder
			for _, p := range problems {
				got.WriteString(p.String() + "\n")
			}
			golden := filepath.Join(filepath.Dir(input), "problems.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
