package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

func newPlan(g *global) *cobra.Command {
	var files []string
	cmd := &cobra.Command{
		Use: "plan -f FILE|DIR", Short: "Say what documents would do to live data; nothing is stored or written",
		Long: `Reads the live data of both sides and says what applying the documents would do: creates and updates
per side, excluded records by reason, conflicts by first match, associations, API calls and time.
Nothing is stored and nothing is written. apply --plan ID refuses when the plan no longer holds.`,
		Example: "  dealsync plan -f deals.yaml\n  dealsync plan -f deals.yaml -o json > plan.json\n  dealsync apply -f deals.yaml --plan ID",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			documents, err := readDocuments(files)
			if err != nil {
				return err
			}
			return g.callFor(cmd.Context(), 0, func(ctx context.Context, admin configv1.AdminServiceClient) error {
				stream, err := admin.Plan(ctx, &configv1.PlanRequest{Documents: documents})
				if err != nil {
					return err
				}
				last, err := g.follow(cmd.ErrOrStderr(), stream.Recv)
				if err != nil {
					return err
				}
				if len(last.GetProblems()) > 0 {
					return reportProblems(cmd, last.GetProblems(), "there is no plan")
				}
				return g.print(cmd.OutOrStdout(), last.GetPlan(), planTable(last.GetPlan()))
			})
		},
	}
	cmd.Flags().StringArrayVarP(&files, "filename", "f", nil, "file, directory of *.yaml files, or - for standard input; may be given again")
	_ = cmd.MarkFlagRequired("filename")
	return cmd
}

// follow tells how far the reading is, at most once a second for each thing
// that is read, until the last message.
func (g *global) follow(w io.Writer, next func() (*configv1.PlanResponse, error)) (*configv1.PlanResponse, error) {
	var reading string
	var told time.Time
	for {
		resp, err := next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the config service ended without a plan")
		case err != nil:
			return nil, err
		case resp.GetPlan() != nil || len(resp.GetProblems()) > 0:
			return resp, nil
		case resp.GetReading() == reading && g.now().Sub(told) < time.Second:
			continue
		}
		reading, told = resp.GetReading(), g.now()
		fmt.Fprintf(w, "reading %s: %d\n", reading, resp.GetRead())
	}
}
