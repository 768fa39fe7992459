package cli

import (
	"fmt"
	"strings"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// types are the types of a line's fields, once where they are the same.
func types(l *configv1.FieldLine) string {
	if l.GetHubspot().GetType() == l.GetApp().GetType() {
		return l.GetApp().GetType()
	}
	return l.GetHubspot().GetType() + " = " + l.GetApp().GetType()
}

// lineNotes says what a field line carries besides its two fields.
func lineNotes(l *configv1.FieldLine) string {
	var parts []string
	if l.GetHubspot().GetCurrency() != "" && l.GetApp().GetCurrency() != "" {
		parts = append(parts, fmt.Sprintf("with currency %s = %s", l.GetHubspot().GetCurrency(), l.GetApp().GetCurrency()))
	}
	if n := len(l.GetOptions()); n > 0 {
		parts = append(parts, fmt.Sprint(n, " option line(s)"))
	}
	if l.GetHubspot().GetType() == "owner" && l.GetApp().GetType() == "owner" {
		n := 0
		for _, o := range l.GetOwners() {
			if o.GetHubspot() != "" && o.GetApp() != "" {
				n++
			}
		}
		parts = append(parts, fmt.Sprint(n, " owner(s) with the same e-mail address"))
	}
	if o := l.GetDefaultHubspotOwner(); o != "" {
		parts = append(parts, "else HubSpot owner "+o)
	}
	if o := l.GetDefaultAppOwner(); o != "" {
		parts = append(parts, "else user "+o+" of the app")
	}
	return strings.Join(parts, "; ")
}

// filterText is a filter in one line.
func filterText(f *configv1.Filter) string {
	if f.GetGroup() == nil {
		return "none"
	}
	return groupText(f.GetGroup()) + "; on exit: " + f.GetOnExit()
}

func groupText(g *configv1.Group) string {
	var parts []string
	for _, c := range g.GetConditions() {
		parts = append(parts, strings.TrimSpace(c.GetField()+" "+c.GetOp()+" "+strings.Join(c.GetValues(), ", ")))
	}
	for _, sub := range g.GetGroups() {
		parts = append(parts, "("+groupText(sub)+")")
	}
	if g.GetAny() {
		return strings.Join(parts, " or ")
	}
	return strings.Join(parts, " and ")
}
