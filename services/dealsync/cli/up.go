package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dealsync/dealsync/libs/conf"
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/dealsync/allinone"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

func newUp() *cobra.Command {
	cfg := allinone.Config{SandboxConfig: sandbox.Defaults()}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run every service in this process",
		Long: `Runs every service in this process, with an embedded NATS server (file storage) and an embedded
Redis-compatible server, unless NATS_URL and REDIS_URL name real ones.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// The doubles' addresses and habits come from the environment, as in
			// their own program.
			if err := conf.Load("", &cfg.SandboxConfig); err != nil {
				return err
			}
			instance, err := allinone.Start(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return instance.Wait()
		},
	}
	cmd.Flags().StringVar(&cfg.Data, "data", dataDir(), "directory that everything is kept in")
	cmd.Flags().BoolVar(&cfg.Sandbox, "sandbox", false, "add local doubles of the HubSpot and Pipedrive APIs")
	return cmd
}

// dataDir is where an installation on this machine keeps its data by default.
func dataDir() string {
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "dealsync")
	}
	return "data"
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), "dealsync", host.Version) },
	}
}
