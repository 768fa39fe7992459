// Package apps is the catalogue of apps that can be connected, and what each of
// them shares (R2). It is the only place that lists all drivers.
package apps

import (
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/hubspot"
	"github.com/dealsync/dealsync/libs/connector/pipedrive"
	"github.com/dealsync/dealsync/libs/connector/simple"
)

// App is one entry of the catalogue.
type App struct {
	Manifest connector.Manifest
	Open     connector.Opener
}

var catalogue = []App{
	{hubspot.Manifest(), hubspot.Open},
	{pipedrive.Manifest(), pipedrive.Open},
	{simple.Orders(), simple.OpenOrders},
	{simple.Directory(), simple.OpenDirectory},
}

// List is the catalogue by name.
func List() []App {
	all := slices.Clone(catalogue)
	slices.SortFunc(all, func(a, b App) int { return strings.Compare(a.Manifest.App, b.Manifest.App) })
	return all
}

// Lookup finds an app by its catalogue name, such as "hubspot".
func Lookup(name string) (App, bool) {
	for _, a := range catalogue {
		if a.Manifest.App == name {
			return a, true
		}
	}
	return App{}, false
}
