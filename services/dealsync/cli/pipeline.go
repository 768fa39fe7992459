package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func newCreate(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "create", Short: "Make something in a connected account"}
	cmd.AddCommand(newCreatePipeline(g))
	return cmd
}

func newCreatePipeline(g *global) *cobra.Command {
	req := &configv1.CreatePipelineRequest{}
	var from string
	cmd := &cobra.Command{
		Use: "pipeline --from CONNECTION/PIPELINE", Short: "Make a HubSpot pipeline like one of an app's, and print how they are mapped",
		Long: `Makes a HubSpot pipeline with the stages of one of the app's, won and lost among them, so that
synced deals stay apart from those that are there. It prints the mapping, stage by stage, to
paste into a sync document. Repeating it finds the pipeline that is there.`,
		Example: "  dealsync create pipeline --from pipedrive-main/1\n  dealsync create pipeline --from pipedrive-main/1 --title \"From Pipedrive\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			connection, pipeline, ok := strings.Cut(from, "/")
			if !ok || connection == "" || pipeline == "" {
				return usage("--from %q: want CONNECTION/PIPELINE, see dealsync get pipelines", from)
			}
			req.Connection, req.AppPipeline = connection, pipeline
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				var err error
				if req.Workspace, err = g.in(ctx, admin); err != nil {
					return err
				}
				resp, err := admin.CreatePipeline(ctx, req)
				if err != nil {
					return err
				}
				return g.reportPipeline(cmd, resp)
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "connection of the app and its pipeline")
	cmd.Flags().StringVar(&req.Title, "title", "", "title of the new pipeline; the app's when left out")
	cmd.Flags().StringVar(&req.HubspotConnection, "hubspot", "", "connection of HubSpot; not needed while there is only one")
	_ = cmd.MarkFlagRequired("from")
	return cmd
}

func (g *global) reportPipeline(cmd *cobra.Command, resp *configv1.CreatePipelineResponse) error {
	if g.output == "json" {
		return g.print(cmd.OutOrStdout(), resp, nil)
	}
	told := map[bool]string{true: "there is already", false: "made"}[resp.GetExisted()]
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: pipeline %s with %d stages\n", told, named(resp.GetPipeline().GetId(), resp.GetPipeline().GetLabel()), len(resp.GetPipeline().GetStages()))
	var stages []pasted
	for _, s := range resp.GetMapping().GetStages() {
		stages = append(stages, pasted{hubspot: s.GetHubspot(), app: s.GetApp(), remark: s.GetHubspotLabel()})
	}
	return paste(cmd.OutOrStdout(), "pipelines", pipelinePaste(resp.GetMapping().GetHubspot(), resp.GetMapping().GetApp(), stages), nil)
}
