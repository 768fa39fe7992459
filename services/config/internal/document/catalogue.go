package document

import (
	"maps"
	"slices"
)

// App is what the catalogue says of an app.
type App struct {
	Title string
	// Objects that the app shares (R2), by our name.
	Objects []string
}

// Catalogue lists the apps by name.
type Catalogue map[string]App

// Shares reports whether the app shares an object.
func (a App) Shares(object string) bool { return slices.Contains(a.Objects, object) }

// Names are the apps' names, sorted.
func (c Catalogue) Names() []string { return slices.Sorted(maps.Keys(c)) }
