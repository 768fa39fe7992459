package cli

import (
	"context"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func newGet(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "get", Short: "List apps, connections, what an account has, syncs, pairs or parked messages"}
	cmd.AddCommand(newGetApps(g), newGetConnections(g), newGetPipelines(g), newGetFields(g), newGetOwners(g), newGetSyncs(g), newGetPairs(g), newGetParked(g))
	return cmd
}

func newGetConnections(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "connections", Short: "List the connected apps", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				resp, err := admin.ListConnections(ctx, &configv1.ListConnectionsRequest{Workspace: g.workspace})
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
					row(t, "WORKSPACE", "NAME", "APP", "ACCOUNT", "WEBHOOK ADDRESS")
					for _, c := range resp.GetConnections() {
						row(t, c.GetWorkspace(), c.GetName(), c.GetApp(), dash(c.GetAccount()), c.GetWebhookUrl())
					}
				})
			})
		},
	}
}

func newGetPairs(g *global) *cobra.Command {
	req := &configv1.ListPairsRequest{}
	cmd := &cobra.Command{
		Use: "pairs", Short: "List pairs with their record status", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				var err error
				if req.Workspace, err = g.in(ctx, admin); err != nil {
					return err
				}
				resp, err := admin.ListPairs(ctx, req)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) { pairTable(t, resp) })
			})
		},
	}
	cmd.Flags().StringVar(&req.Sync, "sync", "", "only this sync")
	cmd.Flags().StringVar(&req.Status, "status", "", "only in_sync, pending, failing or excluded")
	cmd.Flags().StringVar(&req.Record, "record", "", "only the pair of this record")
	cmd.Flags().Int32Var(&req.PageSize, "limit", 50, "pairs per page, 1000 at most")
	cmd.Flags().StringVar(&req.PageToken, "page", "", "next page, as named by the page before")
	return cmd
}

func pairTable(t *tabwriter.Writer, resp *configv1.ListPairsResponse) {
	row(t, "PAIR", "SYNC", "HUBSPOT", "APP", "STATUS", "REASON", "TITLE")
	for _, r := range resp.GetPairs() {
		p := r.GetPair()
		title := p.GetHubspot().GetTitle()
		if title == "" {
			title = p.GetApp().GetTitle()
		}
		row(t, r.GetId(), p.GetSync(), dash(p.GetHubspot().GetRecord()), dash(p.GetApp().GetRecord()), p.GetStatus(), dash(p.GetReason()), title)
	}
	for _, name := range slices.Sorted(maps.Keys(resp.GetTotals())) {
		row(t, "total", name, resp.GetTotals()[name])
	}
	if next := resp.GetNextPageToken(); next != "" {
		row(t, "more with --page "+next)
	}
}

func newGetParked(g *global) *cobra.Command {
	req := &configv1.ListParkedRequest{}
	cmd := &cobra.Command{
		Use: "parked", Short: "List messages that could not be handled, with their reasons", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				var err error
				if req.Workspace, err = g.in(ctx, admin); err != nil {
					return err
				}
				resp, err := admin.ListParked(ctx, req)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
					row(t, "ID", "CODE", "PARKED AT", "CAME FROM", "ERROR")
					for _, p := range resp.GetParked() {
						row(t, p.GetId(), p.GetCode(), at(p.GetParkedMs()), p.GetSubject(), p.GetError())
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&req.Code, "code", "", "only this error code")
	cmd.Flags().Int32Var(&req.PageSize, "limit", 50, "messages per page")
	cmd.Flags().StringVar(&req.PageToken, "page", "", "next page, as named by the page before")
	return cmd
}
