package cli

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write what the commands print into testdata")

// Each case is a command line and what it prints, in testdata/<name>.txt.
func TestCommandsPrintWhatPeopleRead(t *testing.T) {
	t.Parallel()
	documents := filepath.Join(t.TempDir(), "deals.yaml")
	if err := os.WriteFile(documents, []byte("kind: Sync\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"R2_get_apps":                  {"get", "apps"},
		"R2_describe_app":              {"describe", "app", "pipedrive"},
		"get_pipelines":                {"get", "pipelines", "pipedrive-main"},
		"get_pipelines_refreshed":      {"get", "pipelines", "pipedrive-main", "--refresh"},
		"R10_get_pipelines_of_none":    {"get", "pipelines", "orders"},
		"get_fields":                   {"get", "fields", "pipedrive-main"},
		"get_owners":                   {"get", "owners", "pipedrive-main"},
		"get_owners_yaml":              {"get", "owners", "pipedrive-main", "-o", "yaml"},
		"R14_create_pipeline":          {"create", "pipeline", "--from", "pipedrive-main/1", "--title", "From Pipedrive"},
		"R8_suggest_stages":            {"suggest", "stages", "pipedrive-main"},
		"R8_suggest_stages_yaml":       {"suggest", "stages", "pipedrive-main", "-o", "yaml"},
		"R12_suggest_fields_yaml":      {"suggest", "fields", "pipedrive-main", "-o", "yaml"},
		"R12_suggest_options":          {"suggest", "options", "pipedrive-main", "hs_priority", "label"},
		"R12_suggest_options_yaml":     {"suggest", "options", "pipedrive-main", "hs_priority", "label", "-o", "yaml"},
		"R11_count":                    {"count", "pipedrive-main", "--filter", "{field: value, op: gte, value: 1000}"},
		"R13_backfill":                 {"backfill", "deals"},
		"R13_get_syncs":                {"get", "syncs"},
		"R16_describe_sync":            {"describe", "sync", "deals"},
		"R15_describe_sync_of_matches": {"describe", "sync", "contacts"},
		"B2_plan":                      {"plan", "-f", documents},
		"B2_apply_a_plan":              {"apply", "-f", documents, "--plan", "4f2a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := run(t, args...)
			if code != exitOK {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			got := stdout
			if stderr != "" {
				got += "--- standard error\n" + stderr
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExitCodesAreWhatScriptsGoBy(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "deals.yaml")
	if err := os.WriteFile(broken, []byte("broken: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		words string
	}{
		{"an app that is not there", []string{"describe", "app", "x"}, exitNotFound, `the catalogue has no app "x" (unknown_app)`},
		{"a sync that is not there", []string{"describe", "sync", "x"}, exitNotFound, `workspace acme has no sync "x"`},
		{"a backfill of nothing", []string{"backfill", "x"}, exitNotFound, `workspace "acme" has no sync "x" (unknown_sync)`},
		{"a pipeline without a connection", []string{"create", "pipeline", "--from", "1"}, exitUsage, `--from "1": want CONNECTION/PIPELINE, see dealsync get pipelines`},
		{"options of fields that are not there", []string{"suggest", "options", "main", "a", "b"}, exitRefused, "no such fields (unknown_field)"},
		{"a plan that no longer holds", []string{"apply", "-f", broken, "--plan", "old"}, exitRefused, "plan old no longer holds (plan_changed)"},
		{"a plan of documents with problems", []string{"plan", "-f", broken}, exitRefused, errReported.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, stderr, code, err := runWith(t, &fakeAdmin{}, c.args...)
			if code != c.code || words(err) != c.words {
				t.Errorf("code %d, words %q\n%s", code, words(err), stderr)
			}
			if c.words == errReported.Error() && stderr != "deals.yaml:3:7: unknown key \"broken\" (unknown_key)\nthere is no plan: 1 problem(s)\n" {
				t.Errorf("standard error: %s", stderr)
			}
		})
	}
}

func TestAPlanAsJSONIsThePlanAlone(t *testing.T) {
	t.Parallel()
	documents := filepath.Join(t.TempDir(), "deals.yaml")
	if err := os.WriteFile(documents, []byte("kind: Sync\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := run(t, "plan", "-f", documents, "-o", "json")
	if code != exitOK || !strings.HasPrefix(stdout, "{\n") || !strings.Contains(stdout, `"id": "4f2a"`) || !strings.Contains(stderr, "reading deals of HubSpot: 100\n") {
		t.Errorf("code %d\n%s\n%s", code, stdout, stderr)
	}
}

func TestACommandSendsWhatItsFlagsSay(t *testing.T) {
	t.Parallel()
	admin := &fakeAdmin{}
	if _, _, code, err := runWith(t, admin, "count", "main", "--object", "contact", "--examples", "2"); code != exitOK {
		t.Fatal(err)
	}
	if q := admin.counted; q.GetWorkspace() != "acme" || q.GetConnection() != "main" || q.GetObject() != "contact" || q.GetExamples() != 2 || q.GetFilter() != "" {
		t.Errorf("asked: %v", q)
	}
}

// Every command that asks an installation says how it is called.
func TestEveryNewCommandHasAnExample(t *testing.T) {
	t.Parallel()
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s says nothing about itself", c.CommandPath())
		}
		switch c.CommandPath() {
		case "dealsync plan", "dealsync apply", "dealsync count", "dealsync backfill", "dealsync create pipeline",
			"dealsync suggest stages", "dealsync suggest fields", "dealsync suggest options",
			"dealsync get apps", "dealsync get pipelines", "dealsync get fields", "dealsync get owners", "dealsync get syncs",
			"dealsync describe app", "dealsync describe sync":
			if !strings.Contains(c.Example, "dealsync ") {
				t.Errorf("%s has no example", c.CommandPath())
			}
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(&global{}))
}
