package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func newGetSyncs(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "syncs", Short: "List the syncs and how far each is", Args: cobra.NoArgs,
		Example: "  dealsync get syncs\n  dealsync get syncs -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				resp, err := admin.ListSyncs(ctx, &configv1.ListSyncsRequest{Workspace: g.workspace})
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
					row(t, "WORKSPACE", "NAME", "OBJECT", "DIRECTION", "WINNER", "PHASE", "READ", "PENDING", "TIME LEFT")
					for _, s := range resp.GetSyncs() {
						y, p := s.GetSync(), s.GetProgress()
						row(t, y.GetWorkspace(), y.GetName(), y.GetObject(), direction(y.GetDirection()),
							word(y.GetWinner().String(), "WINNER_"), p.GetPhase(), readOf(p), p.GetPending(), timeLeft(p))
					}
				})
			})
		},
	}
}

func readOf(p *configv1.Progress) string {
	if p.GetTotal() == 0 {
		return fmt.Sprint(p.GetRead())
	}
	return fmt.Sprintf("%d of %d", p.GetRead(), p.GetTotal())
}

func timeLeft(p *configv1.Progress) string {
	if p.GetLeftMs() == 0 {
		return "-"
	}
	return "about " + millis(p.GetLeftMs())
}

// millis is a length of time for people, whole seconds and at least one.
func millis(ms int64) string {
	return max(time.Duration(ms)*time.Millisecond, time.Second).Round(time.Second).String()
}

func newDescribeSync(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "sync NAME", Short: "Show a sync in full: stages, fields, filters, matching, associations, progress", Args: cobra.ExactArgs(1),
		Example: "  dealsync describe sync pipedrive-deals",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				workspace, err := g.in(ctx, admin)
				if err != nil {
					return err
				}
				resp, err := admin.ListSyncs(ctx, &configv1.ListSyncsRequest{Workspace: workspace})
				if err != nil {
					return err
				}
				for _, s := range resp.GetSyncs() {
					if s.GetSync().GetName() == args[0] {
						return g.print(cmd.OutOrStdout(), s, func(t *tabwriter.Writer) { describeSync(t, s) })
					}
				}
				return &failure{exitNotFound, fmt.Errorf("workspace %s has no sync %q", workspace, args[0])}
			})
		},
	}
}

func describeSync(t *tabwriter.Writer, s *configv1.SyncStatus) {
	y, p := s.GetSync(), s.GetProgress()
	row(t, "Sync", y.GetWorkspace()+"/"+y.GetName())
	row(t, "Object", y.GetObject())
	row(t, "Between", y.GetHubspotConnection()+" and "+y.GetAppConnection())
	row(t, "Direction", direction(y.GetDirection()))
	row(t, "Winner", fmt.Sprintf("%s, within %s", word(y.GetWinner().String(), "WINNER_"), time.Duration(y.GetWindowMs())*time.Millisecond))
	row(t, "Time zone", dash(y.GetTimeZone()))
	row(t, "Phase", fmt.Sprintf("%s, %s read, %d pending, time left: %s", p.GetPhase(), readOf(p), p.GetPending(), timeLeft(p)))
	row(t, "HubSpot filter", filterText(y.GetFilterHubspot()))
	row(t, "App filter", filterText(y.GetFilterApp()))
	stageTable(t, y)
	row(t)
	row(t, "HUBSPOT FIELD", "", "APP FIELD", "TYPES", "NOTES")
	for _, l := range y.GetFields() {
		row(t, named(l.GetHubspot().GetName(), l.GetHubspot().GetLabel()), arrow(l.GetDirection()),
			named(l.GetApp().GetName(), l.GetApp().GetLabel()), types(l), dash(lineNotes(l)))
	}
	row(t)
	if len(y.GetMatch()) == 0 {
		row(t, "Existing records are not matched: each gets a counterpart of its own")
	} else {
		row(t, "MATCHED BY", "HUBSPOT FIELD", "APP FIELD")
		for _, m := range y.GetMatch() {
			row(t, m.GetName(), m.GetHubspotField(), m.GetAppField())
		}
	}
	row(t)
	if len(y.GetAssociations()) == 0 {
		row(t, "No associations are made: no associated object syncs between the same connections")
		return
	}
	row(t, "ASSOCIATED WITH", "IN HUBSPOT", "IN THE APP", "PAIRED BY SYNC")
	for _, a := range y.GetAssociations() {
		row(t, a.GetObject(), associated(a.GetHubspot()), associated(a.GetApp()), a.GetSync())
	}
}

func associated(e *configv1.AssociationEnd) string {
	if e.GetMany() {
		return e.GetTitle() + ", several"
	}
	return e.GetTitle() + ", one"
}

func stageTable(t *tabwriter.Writer, y *configv1.Sync) {
	if len(y.GetPipelines()) == 0 {
		return
	}
	row(t)
	row(t, "PIPELINES", "HUBSPOT STAGE", "APP STAGE")
	for _, p := range y.GetPipelines() {
		for _, st := range p.GetStages() {
			row(t, p.GetHubspot()+" = "+p.GetApp(), named(st.GetHubspot(), st.GetHubspotLabel()), named(short(p.GetApp(), st.GetApp()), st.GetAppLabel()))
		}
	}
}
