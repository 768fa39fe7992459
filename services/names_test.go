package services_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/libs/telemetry/names"
)

// levels are the methods of a logger and where their message stands.
var levels = map[string]struct {
	level   string
	message int
}{
	"Debug": {"debug", 0}, "Info": {"info", 0}, "Warn": {"warn", 0}, "Error": {"error", 0},
	"DebugContext": {"debug", 1}, "InfoContext": {"info", 1}, "WarnContext": {"warn", 1}, "ErrorContext": {"error", 1},
	"Log": {"", 2}, "LogAttrs": {"", 2},
}

// eventName tells a log event from other strings, such as those of t.Log.
var eventName = regexp.MustCompile(`^[a-z]+(\.[a-z_]+)+$`)

// logged returns the event and level of a call that writes a log line.
func logged(call *ast.CallExpr) (event, level string, ok bool) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", "", false
	}
	at, ok := levels[method.Sel.Name]
	if !ok || len(call.Args) <= at.message {
		return "", "", false
	}
	event = literal(call.Args[at.message])
	return event, at.level, eventName.MatchString(event)
}

func literal(x ast.Expr) string {
	lit, ok := x.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}

// calls visits every call in the programs.
func calls(t *testing.T, visit func(s source, call *ast.CallExpr)) {
	t.Helper()
	for _, s := range sources(t) {
		if s.test || s.generated {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				visit(s, call)
			}
			return true
		})
	}
}

func TestEveryLogLineIsExplainedToOperators(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	calls(t, func(s source, call *ast.CallExpr) {
		event, level, ok := logged(call)
		if !ok {
			return
		}
		used[event] = true
		i := slices.IndexFunc(names.Events, func(e names.Event) bool { return e.Name == event })
		switch {
		case i < 0:
			t.Errorf("%s logs %q, which libs/telemetry/names/events.go does not list\n\twhy: who reads it at night looks there (docs/reference/telemetry.md, make generate)", s.path, event)
		case level != "" && level != names.Events[i].Level:
			t.Errorf("%s logs %q at level %s; libs/telemetry/names/events.go says %s", s.path, event, level, names.Events[i].Level)
		}
	})
	for _, e := range names.Events {
		if !used[e.Name] {
			t.Errorf("libs/telemetry/names/events.go lists %q, which nothing logs", e.Name)
		}
	}
}

func TestTelemetryTakesItsNamesFromOnePlace(t *testing.T) {
	t.Parallel()
	telemetry := map[string][]string{
		"attribute": {"String", "Int", "Int64", "Bool", "Float64", "StringSlice", "Key"},
		"otel":      {"Tracer", "Meter"},
	}
	calls(t, func(s source, call *ast.CallExpr) {
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || len(call.Args) == 0 {
			return
		}
		from, ok := method.X.(*ast.Ident)
		if !ok || !slices.Contains(telemetry[from.Name], method.Sel.Name) {
			return
		}
		if strings.HasPrefix(s.path, "libs/telemetry/") {
			return
		}
		if name := literal(call.Args[0]); name != "" {
			t.Errorf("%s: %s.%s(%q)\n\twhy: names stand in libs/telemetry/names, with their meaning; dashboards and the page for operators are made from it", s.path, from.Name, method.Sel.Name, name)
		}
		if from.Name == "otel" && method.Sel.Name == "Meter" {
			t.Errorf("%s makes its own meter\n\twhy: libs/telemetry/instrument gives every metric its unit and meaning", s.path)
		}
	})
}
