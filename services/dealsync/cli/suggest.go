package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

func newSuggest(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use: "suggest", Short: "Propose which stages, fields or options belong together",
		Long: `Proposes which stages, fields or options belong together, by their names in English and German,
each with a score and the reason. Nothing is applied: -o yaml prints the lines to review and paste
into a sync document. Where no pair is likely, none is proposed.`,
	}
	cmd.AddCommand(newSuggestStages(g), newSuggestFields(g), newSuggestOptions(g))
	return cmd
}

// suggestions is what all three answer.
type suggestions interface {
	proto.Message
	GetSuggestions() []*configv1.Suggestion
	GetLeftovers() []*configv1.Leftover
}

// newSuggestion makes one of the commands. ask answers the suggestions, and the
// part of a sync document that they make with its key.
func newSuggestion(g *global, cmd *cobra.Command,
	ask func(ctx context.Context, admin configv1.AdminServiceClient, workspace string, args []string) (suggestions, string, func([]pasted) *yaml.Node, error),
) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
			workspace, err := g.in(ctx, admin)
			if err != nil {
				return err
			}
			resp, key, part, err := ask(ctx, admin, workspace, args)
			if err != nil {
				return err
			}
			if g.output != "yaml" {
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) { suggestionTable(t, resp) })
			}
			var found []pasted
			for _, s := range resp.GetSuggestions() {
				found = append(found, pasted{s.GetHubspot(), s.GetApp(), fmt.Sprintf("%s = %s, %.2f: %s", s.GetHubspotLabel(), s.GetAppLabel(), s.GetScore(), s.GetReason()), s.GetDirection()})
			}
			var rest []string
			for _, l := range resp.GetLeftovers() {
				rest = append(rest, leftover(l))
			}
			return paste(cmd.OutOrStdout(), key, part(found), rest)
		})
	}
	return cmd
}

func suggestionTable(t *tabwriter.Writer, resp suggestions) {
	if stages, ok := resp.(*configv1.SuggestStagesResponse); ok {
		row(t, fmt.Sprintf("HubSpot pipeline %s with pipeline %s of the app",
			named(stages.GetHubspotPipeline(), stages.GetHubspotLabel()), named(stages.GetAppPipeline(), stages.GetAppLabel())))
	}
	row(t, "HUBSPOT", "LABEL", "APP", "LABEL", "SCORE", "WHY")
	for _, s := range resp.GetSuggestions() {
		row(t, s.GetHubspot(), s.GetHubspotLabel(), s.GetApp(), s.GetAppLabel(), fmt.Sprintf("%.2f", s.GetScore()), s.GetReason())
	}
	for _, l := range resp.GetLeftovers() {
		row(t, leftover(l))
	}
}

func leftover(l *configv1.Leftover) string {
	of := "the app"
	if l.GetSide() == eventv1.Side_SIDE_HUBSPOT {
		of = "HubSpot"
	}
	return fmt.Sprintf("left over in %s: %s", of, named(l.GetId(), l.GetLabel()))
}

func newSuggestStages(g *global) *cobra.Command {
	req := &configv1.SuggestStagesRequest{}
	cmd := newSuggestion(g, &cobra.Command{
		Use: "stages CONNECTION", Short: "Propose a mapping of stages", Args: cobra.ExactArgs(1),
		Example: "  dealsync suggest stages pipedrive-main\n  dealsync suggest stages pipedrive-main --pipeline 1 --hubspot-pipeline default -o yaml",
	}, func(ctx context.Context, admin configv1.AdminServiceClient, workspace string, args []string) (suggestions, string, func([]pasted) *yaml.Node, error) {
		req.Workspace, req.Connection = workspace, args[0]
		resp, err := admin.SuggestStages(ctx, req)
		return resp, "pipelines", func(stages []pasted) *yaml.Node {
			return pipelinePaste(resp.GetHubspotPipeline(), resp.GetAppPipeline(), stages)
		}, err
	})
	cmd.Flags().StringVar(&req.AppPipeline, "pipeline", "", "pipeline of the app; the best pair of pipelines when left out")
	cmd.Flags().StringVar(&req.HubspotPipeline, "hubspot-pipeline", "", "pipeline of HubSpot")
	cmd.Flags().StringVar(&req.HubspotConnection, "hubspot", "", hubspotFlag)
	return cmd
}

const hubspotFlag = "connection of HubSpot; not needed while there is only one"

func newSuggestFields(g *global) *cobra.Command {
	req := &configv1.SuggestFieldsRequest{}
	cmd := newSuggestion(g, &cobra.Command{
		Use: "fields CONNECTION", Short: "Propose field mappings", Args: cobra.ExactArgs(1),
		Example: "  dealsync suggest fields pipedrive-main\n  dealsync suggest fields pipedrive-main --object contact -o yaml",
	}, func(ctx context.Context, admin configv1.AdminServiceClient, workspace string, args []string) (suggestions, string, func([]pasted) *yaml.Node, error) {
		req.Workspace, req.Connection = workspace, args[0]
		resp, err := admin.SuggestFields(ctx, req)
		return resp, "fields", lines, err
	})
	cmd.Flags().StringVar(&req.Object, "object", "deal", "deal, contact or company")
	cmd.Flags().StringVar(&req.HubspotConnection, "hubspot", "", hubspotFlag)
	return cmd
}

func newSuggestOptions(g *global) *cobra.Command {
	req := &configv1.SuggestOptionsRequest{}
	cmd := newSuggestion(g, &cobra.Command{
		Use: "options CONNECTION HUBSPOT_FIELD APP_FIELD", Short: "Propose which options of two picklists belong together", Args: cobra.ExactArgs(3),
		Example: "  dealsync suggest options pipedrive-main hs_priority label -o yaml",
	}, func(ctx context.Context, admin configv1.AdminServiceClient, workspace string, args []string) (suggestions, string, func([]pasted) *yaml.Node, error) {
		req.Workspace, req.Connection, req.HubspotField, req.AppField = workspace, args[0], args[1], args[2]
		resp, err := admin.SuggestOptions(ctx, req)
		return resp, "options", lines, err
	})
	cmd.Flags().StringVar(&req.Object, "object", "deal", "deal, contact or company")
	cmd.Flags().StringVar(&req.HubspotConnection, "hubspot", "", hubspotFlag)
	return cmd
}
