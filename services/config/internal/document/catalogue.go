package document

import "slices"

// App is what the catalogue says of an app.
type App struct {
	Title string
	// Objects that the app shares (R2), by our name.
	Objects []string
	// Fields are the default field mappings by object (R12).
	Fields map[string][]Field
}

// Catalogue lists the apps by name.
type Catalogue map[string]App

// Apps is the catalogue of this build.
var Apps = Catalogue{
	"hubspot": {Title: "HubSpot", Objects: []string{"deal"}},
	"pipedrive": {
		Title: "Pipedrive", Objects: []string{"deal"},
		Fields: map[string][]Field{"deal": {
			{HubSpot: "dealname", App: "title"},
			{HubSpot: "amount", App: "value"},
			{HubSpot: "closedate", App: "expected_close_date"},
		}},
	},
}

// Shares reports whether the app shares an object.
func (a App) Shares(object string) bool { return slices.Contains(a.Objects, object) }

// Defaults are the field mappings of a sync that names none.
func (c Catalogue) Defaults(app, object string) []Field { return slices.Clone(c[app].Fields[object]) }
