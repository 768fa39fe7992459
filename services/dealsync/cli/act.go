package cli

import (
	"context"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func newResync(g *global) *cobra.Command {
	req := &configv1.ResyncRequest{}
	cmd := &cobra.Command{
		Use: "resync SYNC", Short: "Read every record of a sync again, or one pair, and repair what differs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				var err error
				if req.Workspace, err = g.in(ctx, admin); err != nil {
					return err
				}
				req.Sync = args[0]
				resp, err := admin.Resync(ctx, req)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) { row(t, resp.GetRecords(), "record(s) will be read again") })
			})
		},
	}
	cmd.Flags().StringVar(&req.Pair, "pair", "", "only this pair")
	return cmd
}

func newBackfill(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "backfill SYNC", Short: "Read all records of a sync again, from both sides; writes only what differs", Args: cobra.ExactArgs(1),
		Example: "  dealsync backfill pipedrive-deals\n  dealsync get syncs   # how far it is",
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				workspace, err := g.in(ctx, admin)
				if err != nil {
					return err
				}
				resp, err := admin.Backfill(ctx, &configv1.BackfillRequest{Workspace: workspace, Sync: args[0]})
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
					row(t, resp.GetSync().GetName(), "all records will be read again; see dealsync get syncs")
				})
			})
		},
	}
}

func newPause(g *global, paused bool) *cobra.Command {
	use, short := "resume SYNC", "Switch a sync on again; it catches up"
	if paused {
		use, short = "pause SYNC", "Switch a sync off; edits are still taken in"
	}
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				workspace, err := g.in(ctx, admin)
				if err != nil {
					return err
				}
				resp, err := admin.SetPaused(ctx, &configv1.SetPausedRequest{Workspace: workspace, Sync: args[0], Paused: paused})
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
					row(t, resp.GetSync().GetName(), map[bool]string{true: "paused", false: "active"}[resp.GetSync().GetPaused()])
				})
			})
		},
	}
}

func newParked(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "parked", Short: "Work with messages that could not be handled"}
	cmd.AddCommand(
		newOnParked(g, "replay", "Send parked messages where they came from; safe to repeat",
			func(ctx context.Context, admin configv1.AdminServiceClient, workspace, code string, ids []uint64) (proto.Message, string, error) {
				resp, err := admin.ReplayParked(ctx, &configv1.ReplayParkedRequest{Workspace: workspace, Code: code, Ids: ids})
				return resp, fmt.Sprint(resp.GetReplayed(), " message(s) sent again"), err
			}),
		newOnParked(g, "drop", "Remove parked messages that never can be handled, for good",
			func(ctx context.Context, admin configv1.AdminServiceClient, workspace, code string, ids []uint64) (proto.Message, string, error) {
				resp, err := admin.DropParked(ctx, &configv1.DropParkedRequest{Workspace: workspace, Code: code, Ids: ids})
				return resp, fmt.Sprint(resp.GetDropped(), " message(s) dropped"), err
			}),
	)
	return cmd
}

// newOnParked makes a command on parked messages, named by id or by code; do
// answers what is printed for programs and for people.
func newOnParked(g *global, verb, short string,
	do func(ctx context.Context, admin configv1.AdminServiceClient, workspace, code string, ids []uint64) (proto.Message, string, error),
) *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use: verb + " [ID ...]", Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids := make([]uint64, len(args))
			for i, a := range args {
				var err error
				if ids[i], err = strconv.ParseUint(a, 10, 64); err != nil {
					return usage("parked message %q: an id is a number, see dealsync get parked", a)
				}
			}
			if len(ids) == 0 && code == "" {
				return usage("name the messages by id, or all of one reason with --code")
			}
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				workspace, err := g.in(ctx, admin)
				if err != nil {
					return err
				}
				resp, told, err := do(ctx, admin, workspace, code, ids)
				if err != nil {
					return fmt.Errorf("%s: %w", verb, err)
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) { row(t, told) })
			})
		},
	}
	cmd.Flags().StringVar(&code, "code", "", "all messages with this error code")
	return cmd
}
