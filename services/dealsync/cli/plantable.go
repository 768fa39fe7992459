package cli

import (
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// planTable shows a plan: what is stored, then what each sync does.
func planTable(p *configv1.Plan) func(t *tabwriter.Writer) {
	return func(t *tabwriter.Writer) {
		for _, a := range p.GetChanges() {
			row(t, a.GetKind(), a.GetWorkspace()+"/"+a.GetName(), a.GetAction())
		}
		for _, s := range p.GetSyncs() {
			row(t)
			syncPlan(t, s)
		}
		row(t)
		row(t, "plan "+p.GetId()+"; apply it with dealsync apply --plan "+p.GetId())
	}
}

func syncPlan(t *tabwriter.Writer, s *configv1.SyncPlan) {
	h, a := s.GetHubspot(), s.GetApp()
	row(t, fmt.Sprintf("%s/%s (%s)", s.GetWorkspace(), s.GetSync(), s.GetObject()), "HUBSPOT", "APP")
	row(t, "records", h.GetRecords(), a.GetRecords())
	row(t, "creates", h.GetCreates(), a.GetCreates())
	row(t, "updates", h.GetUpdates(), a.GetUpdates())
	reasons := maps.Clone(h.GetExcluded())
	if reasons == nil {
		reasons = map[string]int64{}
	}
	maps.Copy(reasons, a.GetExcluded())
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		row(t, "excluded: "+reason, h.GetExcluded()[reason], a.GetExcluded()[reason])
	}
	row(t, "API calls to read", h.GetReadCalls(), a.GetReadCalls())
	row(t, "API calls to write", h.GetWriteCalls(), a.GetWriteCalls())
	row(t)
	row(t, "paired already", s.GetPaired())
	row(t, "matched with an existing record", s.GetMatched())
	row(t, "conflicts by first match", s.GetConflicts())
	row(t, "associations to make", s.GetAssociations())
	for _, reason := range slices.Sorted(maps.Keys(s.GetFailing())) {
		row(t, "failing: "+reason, s.GetFailing()[reason])
	}
	row(t, "time to write", "about "+millis(s.GetMillis()))
	for _, l := range s.GetAssociationLines() {
		row(t, "associates with "+l.GetObject(), fmt.Sprintf("HubSpot's %s = the app's %s", l.GetHubspot().GetTitle(), l.GetApp().GetTitle()))
	}
	if len(s.GetExamples()) == 0 {
		return
	}
	row(t)
	row(t, "FOR EXAMPLE", "SIDE", "RECORD", "TITLE", "DETAIL")
	for _, e := range s.GetExamples() {
		row(t, e.GetKind(), side(e.GetSide()), dash(e.GetRecord()), dash(e.GetTitle()), e.GetDetail())
	}
}
