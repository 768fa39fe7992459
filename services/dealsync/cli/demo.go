package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dealsync/dealsync/services/dealsync/demo"
)

// demoDeals are seeded on each side.
const demoDeals = 200

// demoFlags are the flags of the demo.
type demoFlags struct {
	once         bool
	report, data string
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch companies, contacts and deals cross between two local accounts, then play on",
		Long: `Starts every service in this process with local doubles of the HubSpot and Pipedrive APIs, fills both accounts, maps
their stages as suggested, shows what syncs of companies, contacts and deals would do, and does it. It then plays edits
on both sides and tells what arrived and how long it took, reads everything once more, and keeps running.

NATS_URL and REDIS_URL make it use real servers. The exit code is not zero when the two accounts differ, a record was
doubled, an association is missing or doubled, an edit was lost, or reading everything once more made a write.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := runDemo(cmd.Context(), f, cmd.OutOrStdout())
			if errors.Is(err, context.Canceled) {
				return &failure{exitFailed, errors.New("interrupted")}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&f.once, "once", false, "end when the script is over")
	cmd.Flags().StringVar(&f.report, "report", "", "write the figures to this file, as JSON")
	cmd.Flags().StringVar(&f.data, "data", "", "directory to keep everything in; it must be empty (default: a temporary one)")
	return cmd
}

func runDemo(ctx context.Context, f demoFlags, out io.Writer) (err error) {
	dir, remove, err := demoDir(f.data)
	if err != nil {
		return err
	}
	logPath := filepath.Join(dir, "dealsync.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer func() {
		_ = log.Close()
		switch {
		case err == nil:
			remove()
		case !errors.Is(err, context.Canceled):
			fmt.Fprintf(out, "\nThe log is in %s\n", logPath)
		}
	}()
	fmt.Fprintf(out, "Dealsync: two accounts, three syncs, everything in this process.\nLog: %s\n", logPath)
	installation, err := demo.Start(ctx, dir, log)
	if err != nil {
		return err
	}
	return f.show(ctx, installation, out)
}

// show plays the demo on a running installation, and ends it.
func (f *demoFlags) show(ctx context.Context, installation *demo.Installation, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		select {
		case err := <-installation.Ended():
			ended <- err
			cancel(fmt.Errorf("the installation ended: %w", err))
		case <-done:
			ended <- installation.Stop()
		}
	}()
	err := f.playAndStay(ctx, installation.Place, out)
	close(done)
	return errors.Join(err, <-ended)
}

func (f *demoFlags) playAndStay(ctx context.Context, place demo.Place, out io.Writer) error {
	terminal := isTerminal(out)
	report, err := demo.Run(ctx, place, demo.Options{
		Deals: demoDeals, Out: out, Terminal: terminal, Colour: terminal && os.Getenv("NO_COLOR") == "",
	})
	if err != nil {
		return err
	}
	if f.report != "" {
		if err := writeReport(f.report, report); err != nil {
			return err
		}
	}
	if !f.once {
		demo.PlayOn(out, place, os.Args[0])
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return cause
		}
	}
	return report.Check()
}

func writeReport(path string, report *demo.Report) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(report.Write(file), file.Close())
}

// demoDir is an empty directory for the demo, and how to get rid of it.
func demoDir(dir string) (path string, remove func(), err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "dealsync-demo-"); err != nil {
			return "", nil, fmt.Errorf("make a temporary directory: %w", err)
		}
		return dir, func() { _ = os.RemoveAll(dir) }, nil
	}
	entries, err := os.ReadDir(dir)
	switch {
	case os.IsNotExist(err):
		err = os.MkdirAll(dir, 0o700)
	case err == nil && len(entries) > 0:
		return "", nil, usage("--data %s is not empty: the demo's accounts begin anew each time, so it needs a directory of its own", dir)
	}
	if err != nil {
		return "", nil, fmt.Errorf("data directory: %w", err)
	}
	return dir, func() {}, nil
}

// isTerminal reports whether w is a screen.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
