// Package cli is the command line: it runs an installation, and asks one
// through the config service. It prints results to standard output, everything
// else to standard error, and exits with a code that scripts can use.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitRefused     = 4
	exitUnavailable = 5
)

// failure is an error that knows its exit code.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// usage is an error in how a command was called.
func usage(format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...)}
}

// Main runs the command line and returns the exit code.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := newRoot(&global{now: time.Now})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "dealsync:", words(err))
	}
	return exitCode(err)
}

// words is what people are told of an error.
func words(err error) string {
	s, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err)
	switch {
	case !ok:
		return err.Error()
	case s.GRPCStatus().Code() == codes.Unavailable:
		return "the config service cannot be reached: is an installation up (dealsync up), and is --server right? " + s.GRPCStatus().Message()
	}
	if code := reason(s.GRPCStatus()); code != "" {
		return s.GRPCStatus().Message() + " (" + code + ")"
	}
	return s.GRPCStatus().Message()
}

// reason is the stable code that a refusal carries, for scripts to look for.
func reason(s *status.Status) string {
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// errReported marks a failure whose details have been printed already.
var errReported = errors.New("see above")

func exitCode(err error) int {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	switch status.Code(err) {
	case codes.NotFound:
		return exitNotFound
	case codes.InvalidArgument, codes.FailedPrecondition:
		return exitRefused
	case codes.Unavailable, codes.DeadlineExceeded:
		return exitUnavailable
	default:
		return exitFailed
	}
}

func newRoot(g *global) *cobra.Command {
	root := &cobra.Command{
		Use:   "dealsync",
		Short: "Keeps deals in step between HubSpot and your other apps",
		Long: `Keeps deals in step between HubSpot and your other apps.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused, 5 the installation cannot be reached.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &failure{exitUsage, err} })
	root.PersistentFlags().StringVar(&g.server, "server", env("DEALSYNC_CONFIG_ADDR", "127.0.0.1:8082"), "address of the config service")
	root.PersistentFlags().StringVarP(&g.workspace, "workspace", "w", os.Getenv("DEALSYNC_WORKSPACE"), "workspace; not needed while there is only one")
	root.PersistentFlags().StringVarP(&g.output, "output", "o", "table", "table, json or yaml")
	root.AddCommand(
		newUp(), newDemo(), newBench(),
		newPlan(g), newApply(g), newExport(g), newGet(g), newDescribe(g), newCount(g), newSuggest(g), newCreate(g), newJournal(g),
		newResync(g), newBackfill(g), newPause(g, true), newPause(g, false), newParked(g), newDoctor(g), newVersion(),
	)
	return root
}

func env(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}
