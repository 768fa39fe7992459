package cli

import (
	"context"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func newGetApps(g *global) *cobra.Command {
	req := &configv1.ListAppsRequest{}
	cmd := &cobra.Command{
		Use: "apps", Short: "List the catalogue: the apps that can be connected, and what they share", Args: cobra.NoArgs,
		Example: "  dealsync get apps\n  dealsync get apps --search crm -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				resp, err := admin.ListApps(ctx, req)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
					row(t, "NAME", "TITLE", "SHARES", "STAGES", "WEBHOOKS", "ABOUT")
					for _, a := range resp.GetApps() {
						row(t, a.GetName(), a.GetTitle(), dash(strings.Join(objectsOf(a), ", ")), yes(a.GetStages()), yes(a.GetWebhooks()), dash(a.GetAbout()))
					}
					if next := resp.GetNextPageToken(); next != "" {
						row(t, "more with --page "+next)
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&req.Search, "search", "", "only apps whose name, title or text has this")
	cmd.Flags().Int32Var(&req.PageSize, "limit", 50, "apps per page")
	cmd.Flags().StringVar(&req.PageToken, "page", "", "next page, as named by the page before")
	return cmd
}

func newDescribeApp(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "app NAME", Short: "Show what an app shares, asks for and limits", Args: cobra.ExactArgs(1),
		Example: "  dealsync describe app pipedrive",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				resp, err := admin.GetApp(ctx, &configv1.GetAppRequest{App: args[0]})
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) { describeApp(t, resp.GetApp()) })
			})
		},
	}
}

func describeApp(t *tabwriter.Writer, a *configv1.App) {
	row(t, "App", a.GetName())
	row(t, "Title", a.GetTitle())
	row(t, "About", dash(a.GetAbout()))
	row(t, "Sign in", dash(strings.Join(a.GetSignIn(), ", ")))
	row(t, "Stages", map[bool]string{true: "yes", false: "no: its deals can't be synced"}[a.GetStages()])
	row(t, "Webhooks", yes(a.GetWebhooks()))
	row(t, "Limit", dash(a.GetLimit()))
	row(t)
	row(t, "OBJECT", "CALLED THERE", "DIRECTION", "MATCHED BY")
	for _, o := range a.GetObjects() {
		row(t, o.GetObject(), o.GetTitle(), direction(o.GetDirection()), dash(strings.Join(o.GetMatch(), ", then ")))
	}
	row(t)
	row(t, "OBJECT", "HUBSPOT FIELD", "", "FIELD THERE")
	for _, o := range a.GetObjects() {
		for _, f := range o.GetFields() {
			row(t, o.GetObject(), f.GetHubspot(), arrow(f.GetDirection()), f.GetApp())
		}
	}
	row(t)
	row(t, "ASSOCIATION", "TO", "CALLED THERE", "FIELD THERE", "SEVERAL")
	for _, l := range a.GetAssociations() {
		row(t, l.GetFrom(), l.GetTo(), l.GetTitle(), l.GetField(), yes(l.GetMany()))
	}
	row(t)
	row(t, "PERMISSION", "NEEDED TO")
	for _, s := range a.GetScopes() {
		row(t, s.GetName(), s.GetReason())
	}
}

func objectsOf(a *configv1.App) (names []string) {
	for _, o := range a.GetObjects() {
		names = append(names, o.GetObject())
	}
	return names
}

func yes(b bool) string { return map[bool]string{true: "yes", false: "no"}[b] }

func direction(d configv1.Direction) string { return word(d.String(), "DIRECTION_") }

// arrow shows a direction between HubSpot on the left and the app on the right.
func arrow(d configv1.Direction) string {
	switch d {
	case configv1.Direction_DIRECTION_TO_HUBSPOT:
		return "<--"
	case configv1.Direction_DIRECTION_TO_APP:
		return "-->"
	default:
		return "<->"
	}
}
