// Package e2e tests whole installations from outside: through the webhooks and
// APIs of the doubles, the command line and the processes' health pages. The
// same scenarios run against all services in one process and against separate
// processes on a real NATS and a real Redis server. It never looks into a
// service.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// programs are the binaries that the tests start.
var programs = []string{
	"dealsync", "webhook-ingest", "change-detector", "mapper", "conflict-resolver", "writer", "config", "sandbox",
}

// scratch is the directory of this run; it goes when the run is over.
var scratch string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "dealsync-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	code := m.Run()
	for _, top := range topologies {
		top.end(code != 0)
	}
	return code
}

// binaries is the directory with all programs: DEALSYNC_BIN_DIR, or one that
// they are built into once.
var binaries = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("DEALSYNC_BIN_DIR"); dir != "" {
		for _, p := range programs {
			if _, err := os.Stat(filepath.Join(dir, p)); err != nil {
				return "", fmt.Errorf("DEALSYNC_BIN_DIR: %w (make build)", err)
			}
		}
		return dir, nil
	}
	dir := filepath.Join(scratch, "bin")
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, p := range programs {
		args = append(args, "github.com/dealsync/dealsync/services/"+p)
	}
	return dir, goTool("", args...)
})

// natsServer is the real NATS server's program: DEALSYNC_NATS_SERVER, or one
// that is built once from the version that .tools pins.
var natsServer = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("DEALSYNC_NATS_SERVER"); path != "" {
		return path, nil
	}
	path := filepath.Join(scratch, "nats-server")
	tools, err := filepath.Abs("../../.tools")
	if err != nil {
		return "", fmt.Errorf("find .tools: %w", err)
	}
	return path, goTool(tools, "build", "-o", path, "github.com/nats-io/nats-server/v2")
})

// goTool runs the go command, outside the workspace when dir is given.
func goTool(dir string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), "go", args...)
	cmd.Dir = dir
	if dir != "" {
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	return nil
}
