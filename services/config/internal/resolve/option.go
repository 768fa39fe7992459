package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/config/internal/document"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// options maps two picklists option by option (R12). Without lines, every
// option that may travel must have its like on the other side. With lines,
// nothing else travels: what has none is a named failure of the record that
// holds it.
func (r *resolver) options(path string, written document.Field, w deal.Ways, line *configv1.FieldLine, hubspot, app *connector.Field) {
	switch both := hubspot.Type == deal.Picklist && app.Type == deal.Picklist; {
	case !both && written.Options != nil:
		r.fail(path+".options", "not_a_picklist", "%s.options: HubSpot's %s is %s, %s's %s is %s; only two picklists have options to map",
			path, hubspot.Name, typed(hubspot), r.title, app.Name, typed(app))
	case both && written.Options == nil:
		r.sameOptions(path, w, hubspot, app)
	case both:
		for i, o := range written.Options {
			at := fmt.Sprintf("%s.options[%d]", path, i)
			known := r.option(at+".hubspot", "HubSpot", hubspot, o.HubSpot)
			if r.option(at+".app", r.title, app, o.App) && known {
				line.Options = append(line.Options, &configv1.OptionLine{Hubspot: o.HubSpot, App: o.App})
			}
		}
	}
}

func (r *resolver) option(path, title string, f *connector.Field, id string) bool {
	if hasOption(f, id) {
		return true
	}
	r.fail(path, "unknown_option", "%s: %s's %s has no option %q; %s", path, title, f.Name, id, optionsOf(id, f))
	return false
}

func hasOption(f *connector.Field, id string) bool {
	return slices.ContainsFunc(f.Options, func(o connector.Option) bool { return o.ID == id })
}

func (r *resolver) sameOptions(path string, w deal.Ways, hubspot, app *connector.Field) {
	var missing []string
	without := func(from, to *connector.Field, of, other string) {
		for _, o := range from.Options {
			if !hasOption(to, o.ID) {
				missing = append(missing, fmt.Sprintf("%s of %s has no like in %s", labelled(o.ID, o.Label), of, other))
			}
		}
	}
	if w.To(deal.App) {
		without(hubspot, app, "HubSpot", r.title)
	}
	if w.To(deal.HubSpot) {
		without(app, hubspot, r.title, "HubSpot")
	}
	if missing == nil {
		return
	}
	more := ""
	if n := len(missing) - maxListed; n > 0 {
		missing, more = missing[:maxListed], fmt.Sprintf(" and %d more", n)
	}
	r.fail(path, "option_not_mapped", "%s: option %s%s; write options: [{hubspot: ..., app: ...}]; these propose them: %s",
		path, strings.Join(missing, ", "), more, r.suggest(hubspot, app))
}

// suggest is the command that proposes options.
func (r *resolver) suggest(hubspot, app *connector.Field) string {
	return fmt.Sprintf("dealsync suggest options %s %s %s --object %s", r.spec.Connection, hubspot.Name, app.Name, r.spec.Object)
}

func optionsOf(got string, f *connector.Field) string {
	var ids, shown []string
	for _, o := range f.Options {
		ids, shown = append(ids, o.ID), append(shown, labelled(o.ID, o.Label))
	}
	return exists(got, ids, shown)
}
