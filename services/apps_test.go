package services_test

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/apps"
	"github.com/dealsync/dealsync/libs/deal"
)

const (
	appsPage  = "../docs/reference/apps.md"
	appsIntro = `# Apps

What each app of the catalogue shares, how its records are mapped and matched unless a sync says otherwise, what it asks for and what
it limits. Made from the connectors' own declarations; ` + "`make generate`" + ` renews this page, and ` + "`dealsync describe app NAME`" + `
shows the same. Each connector has a page of its own: [HubSpot](../../libs/connector/hubspot/README.md),
[Pipedrive](../../libs/connector/pipedrive/README.md), [the sandbox's own apps](../../libs/connector/simple/README.md).
`
)

func TestTheAppsPageIsCurrent(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	out.WriteString(appsIntro)
	for _, app := range apps.List() {
		writeApp(&out, &app.Manifest)
	}
	want := out.String()
	if *update {
		if err := os.WriteFile(appsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(appsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run make generate (-want +published):\n%s", diff)
	}
}

func writeApp(out *strings.Builder, m *connector.Manifest) {
	fmt.Fprintf(out, "\n## %s\n\n`%s`. %s\n\n", m.Title, m.App, m.About)
	row := func(cells ...string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
	rule := func(columns int) { out.WriteString("|" + strings.Repeat("---|", columns) + "\n") }
	out.WriteString("| | |\n")
	rule(2)
	row("sign-in", strings.Join(m.SignIn, ", "))
	row("stages", stagesOf(m))
	row("webhooks", map[bool]string{true: "yes, and polls", false: "none, only polls"}[m.Webhooks]+" every "+short(m.PollEvery))
	row("time of an edit", map[bool]string{true: "known for each field", false: "known for each record"}[m.EditTimes])
	row("a repeated create", map[bool]string{true: "is known by a unique key of the app", false: "is known by a field that is looked up"}[m.UniqueKey])
	row("records in a call", fmt.Sprintf("%d read, %d written", m.ReadBatch, m.WriteBatch))
	row("limit", limitOf(m))
	out.WriteString("\n")
	writeObjects(row, rule, m)
	out.WriteString("\n")
	writeAssociations(row, rule, m)
	if len(m.Scopes) > 0 {
		out.WriteString("\n")
		row("permission", "needed to")
		rule(2)
		for _, s := range m.Scopes {
			row("`"+s.Name+"`", s.Reason)
		}
	}
}

func stagesOf(m *connector.Manifest) string {
	switch {
	case m.Stages:
		return "deals stand in pipelines and stages"
	case m.Shares(deal.Deals):
		return "none, so its deals can't be synced"
	default:
		return "it has no deals"
	}
}

func writeObjects(row func(...string), rule func(int), m *connector.Manifest) {
	row("object", "called there", "directions", "default field mappings, HubSpot - app", "existing records are paired by")
	rule(5)
	for _, o := range m.Shared {
		var lines, matched []string
		for _, f := range o.Fields {
			line := fmt.Sprintf("`%s` - `%s`", f.HubSpot, f.App)
			if f.Ways != deal.NoWay {
				line += " (" + f.Ways.String() + ")"
			}
			lines = append(lines, line)
		}
		for _, r := range o.Match {
			matched = append(matched, fmt.Sprintf("%s (`%s`)", r.Rule, r.Field))
		}
		defaults := cmp.Or(strings.Join(lines, ", "), "those of the app on the other side")
		row(string(o.Object), o.Title, o.Ways.String(), defaults, cmp.Or(strings.Join(matched, ", then "), "never"))
	}
}

func writeAssociations(row func(...string), rule func(int), m *connector.Manifest) {
	row("association", "with", "called there", "held in", "how many")
	rule(5)
	for _, a := range m.Associations {
		row(string(a.From), string(a.To), a.Title, "`"+a.Field+"`", map[bool]string{true: "several", false: "one"}[a.Many])
	}
}

func limitOf(m *connector.Manifest) string {
	limit := fmt.Sprintf("%d calls in %s", m.Budget.Calls, short(m.Budget.Per))
	if m.Budget.Daily > 0 {
		limit += fmt.Sprintf(", %d units a day", m.Budget.Daily)
	}
	if s := m.SearchBudget; s.Calls > 0 {
		limit += fmt.Sprintf("; searches %d in %s", s.Calls, short(s.Per))
	}
	return limit
}

// short is a length of time without its zero seconds.
func short(d time.Duration) string {
	text := d.String()
	if d >= time.Minute {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}
