package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// app is what the command line tells of an app of the catalogue.
type app struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	About   string   `json:"about"`
	SignIn  []string `json:"sign_in"`
	Stages  bool     `json:"stages"`
	Limit   string   `json:"limit"`
	Objects []struct {
		Object    string `json:"object"`
		Title     string `json:"title"`
		Direction string `json:"direction"`
	} `json:"objects"`
	Scopes []struct {
		Name   string `json:"name"`
		Reason string `json:"reason"`
	} `json:"scopes"`
}

func (a app) shares() string {
	var list []string
	for _, o := range a.Objects {
		list = append(list, o.Object)
	}
	return strings.Join(list, " ")
}

// ownApps are documents that connect the sandbox's own apps beside HubSpot, and
// set up a sync of deals with one of them.
func ownApps(x *tenant, simple, syncWith string) string {
	connection := func(name, spec string) string {
		return fmt.Sprintf("---\napiVersion: dealsync/v1\nkind: Connection\nmetadata: {workspace: %s, name: %s}\nspec: {%s}\n", x.spec.Workspace, name, spec)
	}
	own := "app: sandbox-%s, baseURL: %q, poll: 1s, auth: {token: {value: sandbox-simple-token}}"
	docs := fmt.Sprintf("apiVersion: dealsync/v1\nkind: Workspace\nmetadata: {name: %s}\nspec: {title: Catalogue}\n", x.spec.Workspace) +
		connection("hubspot", fmt.Sprintf("app: hubspot, baseURL: %q, poll: 1s, account: \"1234567\", auth: {token: {value: sandbox-hubspot-token}}", x.hubspot.url)) +
		connection("pipedrive", fmt.Sprintf("app: pipedrive, baseURL: %q, account: \"7700001\", auth: {token: {value: sandbox-pipedrive-token}}", x.pipedrive.url)) +
		connection("orders", fmt.Sprintf(own, "orders", simple)) +
		connection("directory", fmt.Sprintf(own, "directory", simple+"/a/directory"))
	if syncWith == "" {
		return docs
	}
	return docs + fmt.Sprintf("---\napiVersion: dealsync/v1\nkind: Sync\nmetadata: {workspace: %s, name: deals}\nspec:\n  connection: %s\n  object: deal\n"+
		"  pipelines: [{hubspot: default, app: \"1\", stages: [{hubspot: qualifiedtobuy, app: \"2\"}]}]\n", x.spec.Workspace, syncWith)
}

// prepareOwnApps prepares a tenant whose doubles have the sandbox's own apps.
func prepareOwnApps(t *testing.T, in *installation) (x *tenant, simple string) {
	t.Helper()
	s := doubles(t, nil)
	x = prepareWith(t, in, &crm{t, s.HubSpotURL(), "deals"}, &crm{t, s.PipedriveURL(), "deals"})
	return x, s.SimpleURL()
}

// refused applies documents that must be refused with a code and words, and
// must leave nothing behind.
func (x *tenant) refused(docs, code string, words ...string) {
	x.t.Helper()
	a := x.cli.run(docs, "apply", "-f", "-")
	if a.code == 0 {
		x.t.Fatalf("it was applied:\n%s", a.out)
	}
	for _, w := range append(words, "("+code+")", "nothing was applied") {
		if !strings.Contains(a.err, w) {
			x.t.Errorf("the refusal does not say %q:\n%s", w, a.err)
		}
	}
}

// R2: the catalogue says what each app shares; a sync of deals with an app that
// shares none is refused, naming what it does share.
func TestR2_TheCatalogueSaysWhatAppsShare(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x, simple := prepareOwnApps(t, in)
		var list struct {
			Apps []app `json:"apps"`
		}
		x.cli.do(&list, "get", "apps")
		shares := map[string]string{}
		for _, a := range list.Apps {
			shares[a.Name] = a.shares()
		}
		for name, want := range map[string]string{
			"pipedrive": "deal contact company", "sandbox-orders": "deal contact", "sandbox-directory": "contact company",
		} {
			if shares[name] != want {
				t.Errorf("%s shares %q, want %q", name, shares[name], want)
			}
		}
		x.cli.do(&list, "get", "apps", "--search", "DIRECT")
		if len(list.Apps) != 1 || list.Apps[0].Name != "sandbox-directory" {
			t.Errorf("a search finds %+v", list.Apps)
		}

		var one struct {
			App app `json:"app"`
		}
		x.cli.do(&one, "describe", "app", "pipedrive")
		a := one.App
		if a.Title == "" || a.About == "" || a.Limit == "" || !a.Stages || len(a.SignIn) == 0 || len(a.Scopes) == 0 {
			t.Errorf("the page leaves something out: %+v", a)
		}
		for _, o := range a.Objects {
			if o.Direction != "DIRECTION_BOTH" || o.Title == "" {
				t.Errorf("object %+v", o)
			}
		}
		for _, s := range a.Scopes {
			if len(strings.Fields(s.Reason)) < 3 {
				t.Errorf("permission %s without a reason in plain words: %q", s.Name, s.Reason)
			}
		}
		if page := x.cli.run("", "describe", "app", "sandbox-directory"); strings.Contains(page.out, "deal") && !strings.Contains(page.out, "deals can't be synced") {
			t.Errorf("an app without deals:\n%s", page.out)
		}
		if none := x.cli.run("", "describe", "app", "nothing"); none.code == 0 || !strings.Contains(none.err, "nothing") {
			t.Errorf("an app that is not there: exit code %d: %s", none.code, none.err)
		}

		x.refused(ownApps(x, simple, "directory"), "object_not_shared", "Sandbox Directory does not share deal", "it shares: contact, company")
		if a := x.cli.run(ownApps(x, simple, ""), "apply", "-f", "-"); a.code != 0 {
			t.Fatalf("connecting alone: %s", a.err)
		}
		if a := x.cli.run("", "get", "pipelines", "directory"); a.code == 0 || !strings.Contains(a.err, "it shares: contact, company") {
			t.Errorf("pipelines of an app without deals: exit code %d: %s", a.code, a.err)
		}
	})
}

// R10: when no stages are visible, the answer says which of the two causes it is
// and what to do.
func TestR10_MissingStagesHaveANamedCause(t *testing.T) {
	everywhere(t, func(t *testing.T, in *installation) {
		x, simple := prepareOwnApps(t, in)
		if a := x.cli.run(ownApps(x, simple, ""), "apply", "-f", "-"); a.code != 0 {
			t.Fatalf("apply: %s", a.err)
		}
		missing := func(connection string) (code, message string) {
			t.Helper()
			var out struct {
				Pipelines []any `json:"pipelines"`
				Missing   *struct {
					Code    string `json:"code"`
					Message string `json:"message"`
				} `json:"stages_missing"`
			}
			x.cli.do(&out, "get", "pipelines", connection, "--refresh")
			if out.Missing == nil {
				if len(out.Pipelines) == 0 {
					t.Errorf("%s has no pipelines, and no cause is given", connection)
				}
				return "", ""
			}
			return out.Missing.Code, out.Missing.Message
		}
		if code, _ := missing("pipedrive"); code != "" {
			t.Errorf("stages are missing: %s", code)
		}
		for _, c := range []struct {
			name string
			hide map[string]any
			of   *crm
			show map[string]any
			at   string
		}{
			{"the lists are empty", map[string]any{"hide_pipelines": true}, x.pipedrive, map[string]any{"hide_pipelines": false}, "pipedrive"},
			{"the account may not see them", map[string]any{"deny": []string{"pipelines"}}, x.pipedrive, map[string]any{"deny": []string{}}, "pipedrive"},
			{"HubSpot's may not be seen", map[string]any{"deny": []string{"pipelines"}}, x.hubspot, map[string]any{"deny": []string{}}, "hubspot"},
		} {
			c.of.put("/settings", c.hide)
			code, message := missing(c.at)
			if code != "no_stages_visible" || !strings.Contains(message, "allow it to, or sign in with another") {
				t.Errorf("%s: %s: %q", c.name, code, message)
			}
			x.refused(ownApps(x, simple, "pipedrive"), "no_stages_visible", "the account that is signed in may not see them")
			c.of.put("/settings", c.show)
			if code, _ := missing(c.at); code != "" {
				t.Errorf("%s, and after it is allowed: %s", c.name, code)
			}
		}

		code, message := missing("orders")
		if code != "app_without_stages" || !strings.Contains(message, "not built on stages") || !strings.Contains(message, "sync its other objects") {
			t.Errorf("an app without stages: %s: %q", code, message)
		}
		x.refused(ownApps(x, simple, "orders"), "app_without_stages", "Sandbox Orders is not built on stages")
		for _, args := range [][]string{{"suggest", "stages", "orders"}, {"create", "pipeline", "--from", "orders/1"}} {
			if a := x.cli.run("", args...); a.code == 0 || !strings.Contains(a.err, "not built on stages") {
				t.Errorf("dealsync %s: exit code %d: %s", strings.Join(args, " "), a.code, a.err)
			}
		}
		if a := x.cli.run("", "get", "pipelines", "orders"); !strings.Contains(a.out, "(app_without_stages)") {
			t.Errorf("for people:\n%s", a.out)
		}
	})
}
