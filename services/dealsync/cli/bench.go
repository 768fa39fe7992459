package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dealsync/dealsync/services/dealsync/bench"
)

func newBench() *cobra.Command {
	o := bench.Defaults()
	quick := false
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure throughput and latency with every service as a process of its own",
		Long: `Starts NATS, Redis, the API doubles and every service as processes of their own on loopback addresses, measures,
prints tables and, as the last line, one JSON object, and ends. The services' programs are looked for beside this one
(make build), nats-server in DEALSYNC_NATS_SERVER or .cache/bin, redis-server on the PATH.

Everything shares this machine's processors: compare figures of one run, or processor time per edit.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			self, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find the services' programs: %w", err)
			}
			if quick {
				given := o
				o = bench.Quick()
				o.Profile, o.Keep = given.Profile, given.Keep
				o.OnlyFirstSync, o.DeclaredLimits = given.OnlyFirstSync, given.DeclaredLimits
			}
			o.Bin, o.Progress = filepath.Dir(self), cmd.ErrOrStderr()
			report, err := bench.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			return report.Print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&quick, "quick", false, "measure less, in under a minute; sizes given beside it are ignored")
	cmd.Flags().IntVar(&o.Pairs, "pairs", o.Pairs, "pairs that exist before anything is measured")
	cmd.Flags().IntVar(&o.Edits, "edits", o.Edits, "edits of a saturation run, at most half the pairs")
	cmd.Flags().IntVar(&o.AlwaysEdits, "always-edits", o.AlwaysEdits, "the same at durability always; 0 leaves it out")
	cmd.Flags().DurationVar(&o.Load, "load", o.Load, "how long edits are made at a steady rate, and webhooks sent")
	cmd.Flags().IntVar(&o.Rate, "rate", o.Rate, "edits a second that latency is measured at")
	cmd.Flags().IntVar(&o.Deals, "deals", o.Deals, "deals in each app before its first sync; 0 leaves the first sync out")
	cmd.Flags().IntVar(&o.Contacts, "contacts", o.Contacts, "contacts in each app before its first sync, half of them in both")
	cmd.Flags().IntVar(&o.Companies, "companies", o.Companies, "companies in each app before its first sync, half of them in both")
	cmd.Flags().BoolVar(&o.OnlyFirstSync, "first-sync", false, "measure the first sync alone")
	cmd.Flags().BoolVar(&o.DeclaredLimits, "declared-limits", false, "keep the apps' rate limits in the first sync, which takes long")
	cmd.Flags().StringVar(&o.Profile, "profile", "", "directory for the services' processor profiles of the run that goes both ways, and of the first sync")
	cmd.Flags().BoolVar(&o.Keep, "keep", false, "leave logs and data behind")
	return cmd
}
