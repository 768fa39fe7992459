package document

import "slices"

// App is what the catalogue says of an app.
type App struct {
	Title string
	// Objects that the app shares (R2), by our name.
	Objects []string
}

// Catalogue lists the apps by name.
type Catalogue map[string]App

// defaults are the field mappings of a sync that names none, by app and object
// (R12).
var defaults = map[string]map[string][]Field{
	"pipedrive": {"deal": {
		{HubSpot: "dealname", App: "title"},
		{HubSpot: "amount", App: "value"},
		{HubSpot: "closedate", App: "expected_close_date"},
	}},
}

// Shares reports whether the app shares an object.
func (a App) Shares(object string) bool { return slices.Contains(a.Objects, object) }

// Defaults are the field mappings of a sync that names none.
func Defaults(app, object string) []Field { return slices.Clone(defaults[app][object]) }
