package resolve

import (
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Associations are those that a sync carries over (R16): what both apps keep
// between its object and another one that syncs between the same two
// connections. syncs are all of the workspace, in the order of names; of
// several for one object the first counts.
func Associations(sync *configv1.Sync, syncs []*configv1.Sync, hubspot, app *connector.Manifest) []*configv1.AssociationLine {
	var lines []*configv1.AssociationLine
	for _, h := range hubspot.Associations {
		a := association(app, h.From, h.To)
		i := slices.IndexFunc(syncs, func(other *configv1.Sync) bool {
			return other.GetObject() == string(h.To) && other.GetName() != sync.GetName() &&
				other.GetHubspotConnection() == sync.GetHubspotConnection() && other.GetAppConnection() == sync.GetAppConnection()
		})
		seen := slices.ContainsFunc(lines, func(l *configv1.AssociationLine) bool { return l.GetObject() == string(h.To) })
		if string(h.From) != sync.GetObject() || a == nil || i < 0 || seen {
			continue
		}
		lines = append(lines, &configv1.AssociationLine{
			Object: string(h.To), Sync: syncs[i].GetName(), Hubspot: end(h), App: end(*a),
		})
	}
	return lines
}

func association(m *connector.Manifest, from, to deal.Object) *connector.Association {
	for i := range m.Associations {
		if a := &m.Associations[i]; a.From == from && a.To == to {
			return a
		}
	}
	return nil
}

func end(a connector.Association) *configv1.AssociationEnd {
	return &configv1.AssociationEnd{Field: a.Field, Title: a.Title, Many: a.Many}
}
