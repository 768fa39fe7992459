package document

import (
	"fmt"
	"strings"
)

// check looks at what a document says beyond its shape, as far as it can be
// told from the document alone.
func (d *Document) check(apps Catalogue) []Problem {
	switch d.Kind {
	case KindWorkspace:
		return d.checkWorkspace()
	case KindConnection:
		return append(d.needWorkspace(), d.checkConnection(apps)...)
	default:
		return append(d.needWorkspace(), d.checkSync()...)
	}
}

func (d *Document) checkWorkspace() []Problem {
	if d.Metadata.Workspace != "" {
		return []Problem{d.Problem("metadata.workspace", "unknown_key", "metadata.workspace: a Workspace is in no workspace; give metadata.name only")}
	}
	return nil
}

func (d *Document) needWorkspace() []Problem {
	if d.Metadata.Workspace == "" {
		return []Problem{d.Problem("metadata", "missing_required", "metadata.workspace is missing: workspace that the %s belongs to", d.Kind)}
	}
	return nil
}

func (d *Document) checkConnection(apps Catalogue) (problems []Problem) {
	c := d.Connection
	if _, ok := apps[c.App]; !ok {
		problems = append(problems, d.Problem("spec.app", "unknown_value", "spec.app: %q is not in the catalogue; %s", c.App, Allowed(c.App, apps.Names())))
	}
	if (c.Auth.Token == nil) == (c.Auth.OAuth == nil) {
		problems = append(problems, d.Problem("spec.auth", "one_of", "spec.auth: give either token or oauth"))
	}
	for path, s := range c.Secrets() {
		problems = append(problems, d.checkSecret("spec."+path, s)...)
	}
	if w := c.Webhook; w != nil {
		switch {
		case w.Secret != nil && (w.User != "" || w.Password != nil):
			problems = append(problems, d.Problem("spec.webhook", "one_of", "spec.webhook: give either secret or user and password"))
		case w.Secret == nil && (w.User == "" || w.Password == nil):
			problems = append(problems, d.Problem("spec.webhook", "one_of", "spec.webhook: give secret, or both user and password"))
		}
	}
	return problems
}

func (d *Document) checkSecret(path string, s *Secret) []Problem {
	given := 0
	for _, is := range []bool{s.Value != "", s.Env != "", s.File != "", s.Stored} {
		if is {
			given++
		}
	}
	if given != 1 {
		return []Problem{d.Problem(path, "bad_secret", "%s: give exactly one of value, env, file and stored, and not blank", path)}
	}
	return nil
}

func (d *Document) checkSync() []Problem {
	s := d.Sync
	problems := d.checkPolicy()
	if s.Object == "deal" && s.Match != nil && *s.Match {
		problems = append(problems, d.Problem("spec.match", "match_of_deals",
			"spec.match: existing deals are never matched, each gets a counterpart of its own; leave it out, and keep synced deals apart in a pipeline of their own"))
	}
	problems = append(problems, d.checkPipelines()...)
	problems = append(problems, d.checkFields()...)
	problems = append(problems, d.checkTerm("spec.filter.app", s.Filter.App)...)
	problems = append(problems, d.checkTerm("spec.filter.hubspot", s.Filter.HubSpot)...)
	return problems
}

// source is the side that a one-way direction reads from, "" for both ways.
func source(direction string) string {
	switch direction {
	case "to_hubspot":
		return "app"
	case "to_app":
		return "hubspot"
	}
	return ""
}

// checkPolicy holds R7: a one-way sync presets the source side as the winner.
func (d *Document) checkPolicy() []Problem {
	s := d.Sync
	from := source(s.Direction)
	if from == "" || s.Conflict.Winner == "" || s.Conflict.Winner == from {
		return nil
	}
	return []Problem{d.Problem("spec.conflict.winner", "winner_contradicts_direction",
		"spec.conflict.winner: %s can't win, edits travel %s only and the source side wins; allowed: %s, or leave it out", s.Conflict.Winner, s.Direction, from)}
}

// checkPipelines allows many stages onto one, because each line says so, but
// no line that repeats another: it was meant to be something else.
func (d *Document) checkPipelines() (problems []Problem) {
	pipelines := map[[2]string]bool{}
	for i, p := range d.Sync.Pipelines {
		path := fmt.Sprintf("spec.pipelines[%d]", i)
		if id := [2]string{p.HubSpot, p.App}; pipelines[id] {
			problems = append(problems, d.Problem(path, "duplicate_pipeline", "%s: HubSpot pipeline %s is mapped to pipeline %s already; put the stages into one entry", path, p.HubSpot, p.App))
		} else {
			pipelines[id] = true
		}
		lines := map[Stage]bool{}
		for j, stage := range p.Stages {
			if at := fmt.Sprintf("%s.stages[%d]", path, j); lines[stage] {
				problems = append(problems, d.Problem(at, "duplicate_stage", "%s: HubSpot stage %s is mapped to stage %s already; remove this line", at, stage.HubSpot, stage.App))
			}
			lines[stage] = true
		}
	}
	return problems
}

// checkFields keeps each field to one line and each line within the sync's
// direction.
func (d *Document) checkFields() (problems []Problem) {
	hubspot, app := map[string]bool{}, map[string]bool{}
	for i, f := range d.Sync.Fields {
		path := fmt.Sprintf("spec.fields[%d]", i)
		if hubspot[f.HubSpot] {
			problems = append(problems, d.Problem(path+".hubspot", "duplicate_field", "%s: HubSpot property %s is mapped already", path, f.HubSpot))
		}
		if app[f.App] {
			problems = append(problems, d.Problem(path+".app", "duplicate_field", "%s: field %s of the app is mapped already", path, f.App))
		}
		hubspot[f.HubSpot], app[f.App] = true, true
		if all := d.Sync.Direction; source(all) != "" && f.Direction != "" && f.Direction != all {
			problems = append(problems, d.Problem(path+".direction", "direction_contradicts_sync", "%s.direction: %s goes beyond the sync, which is %s only; allowed: %s, or leave it out", path, f.Direction, all, all))
		}
		problems = append(problems, d.checkOptions(path, f)...)
	}
	return problems
}

// checkOptions allows several options onto one, because each line says so, but
// no line that repeats another.
func (d *Document) checkOptions(path string, f Field) (problems []Problem) {
	lines := map[Option]bool{}
	for i, o := range f.Options {
		if at := fmt.Sprintf("%s.options[%d]", path, i); lines[o] {
			problems = append(problems, d.Problem(at, "duplicate_option", "%s: HubSpot's option %s is mapped to option %s already; remove this line", at, o.HubSpot, o.App))
		}
		lines[o] = true
	}
	if o := f.DefaultOwner; o != nil && o.HubSpot == "" && o.App == "" {
		at := path + ".defaultOwner"
		problems = append(problems, d.Problem(at, "missing_required", "%s: give hubspot, app or both", at))
	}
	return problems
}

// operands says how many values an operator compares with.
var operands = map[string]string{"blank": "none", "not_blank": "none", "in": "many", "not_in": "many"}

func (d *Document) checkTerm(path string, t *Term) (problems []Problem) {
	if t == nil {
		return nil
	}
	condition := t.Field != "" || t.Op != "" || t.Value != nil
	forms := 0
	for _, is := range []bool{t.All != nil, t.Any != nil, condition} {
		if is {
			forms++
		}
	}
	if forms != 1 {
		return []Problem{d.Problem(path, "bad_filter", "%s: give exactly one of all, any, or a condition with field, op and value", path)}
	}
	if condition {
		return d.checkCondition(path, t)
	}
	name, terms := "all", t.All
	if t.Any != nil {
		name, terms = "any", t.Any
	}
	for i := range terms {
		problems = append(problems, d.checkTerm(fmt.Sprintf("%s.%s[%d]", path, name, i), &terms[i])...)
	}
	return problems
}

func (d *Document) checkCondition(path string, t *Term) []Problem {
	var missing []string
	if t.Field == "" {
		missing = append(missing, "field")
	}
	if t.Op == "" {
		missing = append(missing, "op")
	}
	if t.Op != "" && operands[t.Op] != "none" && len(t.Value) == 0 {
		missing = append(missing, "value")
	}
	switch {
	case missing != nil:
		return []Problem{d.Problem(path, "bad_filter", "%s: the condition lacks %s", path, strings.Join(missing, " and "))}
	case operands[t.Op] == "none" && t.Value != nil:
		return []Problem{d.Problem(path+".value", "bad_filter", "%s: %s takes no value", path, t.Op)}
	case operands[t.Op] == "" && len(t.Value) > 1:
		return []Problem{d.Problem(path+".value", "bad_filter", "%s: %s takes one value; in and not_in take several", path, t.Op)}
	}
	return nil
}
