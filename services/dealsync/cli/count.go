package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func newCount(g *global) *cobra.Command {
	req := &configv1.CountRecordsRequest{}
	cmd := &cobra.Command{
		Use: "count CONNECTION", Short: "Count the records that meet a filter, and show some", Args: cobra.ExactArgs(1),
		Long: `Counts the records of an account that meet a filter, written as in a sync document. The app counts
where it can search by the conditions; else records are read and counted here, 10,000 at most.`,
		Example: `  dealsync count pipedrive-main --filter '{field: value, op: gte, value: 1000}'
  dealsync count hubspot --object contact --filter '{all: [{field: email, op: not_blank}, {field: createdate, op: gte, value: -30d}]}'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				var err error
				if req.Workspace, err = g.in(ctx, admin); err != nil {
					return err
				}
				req.Connection = args[0]
				resp, err := admin.CountRecords(ctx, req)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) { countTable(t, resp) })
			})
		},
	}
	cmd.Flags().StringVar(&req.Object, "object", "deal", "deal, contact or company")
	cmd.Flags().StringVar(&req.Filter, "filter", "", "filter in YAML or JSON; all records when left out")
	cmd.Flags().Int32Var(&req.Examples, "examples", 5, "records to show, 20 at most")
	return cmd
}

func countTable(t *tabwriter.Writer, resp *configv1.CountRecordsResponse) {
	if resp.GetExact() {
		row(t, fmt.Sprint(resp.GetCount(), " record(s)"))
	} else {
		row(t, fmt.Sprint("at least ", resp.GetCount(), " record(s): not all were read"))
	}
	if len(resp.GetExamples()) == 0 {
		return
	}
	row(t)
	row(t, "RECORD", "FIELDS")
	for _, r := range resp.GetExamples() {
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(r.GetFields())) {
			fields = append(fields, name+": "+r.GetFields()[name])
		}
		row(t, r.GetId(), strings.Join(fields, ", "))
	}
}
