package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// newGetSchema makes a command that looks something up in a connected account.
func newGetSchema(g *global, cmd *cobra.Command, objects bool, table func(t *tabwriter.Writer, resp *configv1.GetSchemaResponse)) *cobra.Command {
	req := &configv1.GetSchemaRequest{Object: "deal"}
	cmd.Args = cobra.ExactArgs(1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
			var err error
			if req.Workspace, err = g.in(ctx, admin); err != nil {
				return err
			}
			req.Connection = args[0]
			resp, err := admin.GetSchema(ctx, req)
			if err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
				table(t, resp)
				row(t, g.age(resp.GetReadMs()))
			})
		})
	}
	if objects {
		cmd.Flags().StringVar(&req.Object, "object", "deal", "deal, contact or company")
	}
	cmd.Flags().BoolVar(&req.Refresh, "refresh", false, "ask the app now instead of showing what is remembered")
	return cmd
}

// age says how old an answer is.
func (g *global) age(readMs int64) string {
	ago := max(g.now().Sub(time.UnixMilli(readMs)), 0).Truncate(time.Second)
	if ago == 0 {
		return "read just now"
	}
	return fmt.Sprintf("read %s ago; --refresh asks the app now", ago)
}

func newGetPipelines(g *global) *cobra.Command {
	return newGetSchema(g, &cobra.Command{
		Use: "pipelines CONNECTION", Short: "List the pipelines and stages of an account, or say why there are none",
		Example: "  dealsync get pipelines hubspot\n  dealsync get pipelines pipedrive-main --refresh",
	}, false, func(t *tabwriter.Writer, resp *configv1.GetSchemaResponse) {
		if cause := resp.GetStagesMissing(); cause != nil {
			row(t, fmt.Sprintf("no stages: %s (%s)", cause.GetMessage(), cause.GetCode()))
			return
		}
		row(t, "PIPELINE", "LABEL", "STAGE", "LABEL", "MEANS", "PROBABILITY")
		for _, p := range resp.GetPipelines() {
			for _, s := range p.GetStages() {
				row(t, p.GetId(), p.GetLabel(), s.GetShort(), s.GetLabel(), means(s), probability(s))
			}
		}
	})
}

func means(s *configv1.SchemaStage) string {
	switch {
	case s.GetWon():
		return "won"
	case s.GetClosed():
		return "lost"
	default:
		return "open"
	}
}

func probability(s *configv1.SchemaStage) string {
	if s.Probability == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*s.GetProbability())
}

func newGetFields(g *global) *cobra.Command {
	return newGetSchema(g, &cobra.Command{
		Use: "fields CONNECTION", Short: "List the fields of an account's object, with their types and options",
		Example: "  dealsync get fields pipedrive-main\n  dealsync get fields hubspot --object contact -o json",
	}, true, func(t *tabwriter.Writer, resp *configv1.GetSchemaResponse) {
		row(t, "FIELD", "LABEL", "TYPE", "NOTES", "OPTIONS")
		for _, f := range resp.GetFields() {
			row(t, f.GetName(), dash(f.GetLabel()), f.GetType(), dash(notes(f)), dash(options(f)))
		}
	})
}

func notes(f *configv1.SchemaField) string {
	var parts []string
	for _, note := range []struct {
		is   bool
		text string
	}{
		{f.GetReadOnly(), "read-only"},
		{f.GetRequired(), "required"},
		{f.GetUnique(), "unique"},
		{f.GetCurrency() != "", "currency in " + f.GetCurrency()},
	} {
		if note.is {
			parts = append(parts, note.text)
		}
	}
	return strings.Join(parts, ", ")
}

// maxOptions is how many options a line shows; -o json shows all.
const maxOptions = 8

func options(f *configv1.SchemaField) string {
	var parts []string
	for i, o := range f.GetOptions() {
		if i == maxOptions {
			parts = append(parts, fmt.Sprintf("and %d more", len(f.GetOptions())-i))
			break
		}
		parts = append(parts, named(o.GetId(), o.GetLabel()))
	}
	return strings.Join(parts, ", ")
}

// named is an id with its label, where that says more.
func named(id, label string) string {
	if label == "" || label == id {
		return id
	}
	return id + " (" + label + ")"
}

func newGetOwners(g *global) *cobra.Command {
	return newGetSchema(g, &cobra.Command{
		Use: "owners CONNECTION", Short: "List the users of an account; owners are mapped by e-mail address",
		Example: "  dealsync get owners hubspot",
	}, true, func(t *tabwriter.Writer, resp *configv1.GetSchemaResponse) {
		row(t, "OWNER", "NAME", "E-MAIL", "ACTIVE")
		for _, o := range resp.GetOwners() {
			row(t, o.GetId(), dash(o.GetName()), dash(o.GetEmail()), yes(o.GetActive()))
		}
	})
}
