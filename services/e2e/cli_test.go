package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cli runs the command line against one installation and workspace. What it
// asks of pairs is about one sync, or about all when sync is empty.
type cli struct {
	t         testing.TB
	server    string
	workspace string
	sync      string
}

// of asks about another sync.
func (c *cli) of(sync string) *cli { return &cli{c.t, c.server, c.workspace, sync} }

// answer is what a command printed and how it ended.
type answer struct {
	out, err string
	code     int
}

// run executes a command and reports however it ends.
func (c *cli) run(stdin string, args ...string) answer {
	c.t.Helper()
	bin, err := binaries()
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "dealsync"), append([]string{"--server", c.server, "-w", c.workspace}, args...)...)
	cmd.Env = cleanEnv()
	cmd.Stdin = strings.NewReader(stdin)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatalf("dealsync %s: %v", strings.Join(args, " "), err)
	}
	return answer{out.String(), complaint.String(), cmd.ProcessState.ExitCode()}
}

// do executes a command that must succeed, and reads its JSON into out.
func (c *cli) do(out any, args ...string) {
	c.t.Helper()
	if err := c.try(out, args...); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cli) try(out any, args ...string) error {
	c.t.Helper()
	a := c.run("", append(args, "-o", "json")...)
	if a.code != 0 {
		return fmt.Errorf("dealsync %s: exit code %d: %s", strings.Join(args, " "), a.code, a.err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(a.out), out); err != nil {
		return fmt.Errorf("dealsync %s: %w in %s", strings.Join(args, " "), err, a.out)
	}
	return nil
}

// pair is what the command line tells of a pair.
type pair struct {
	ID   string `json:"id"`
	Pair struct {
		Status  string   `json:"status"`
		Reason  string   `json:"reason"`
		Message string   `json:"message"`
		HubSpot pairSide `json:"hubspot"`
		App     pairSide `json:"app"`
	} `json:"pair"`
}

type pairSide struct {
	Record   string `json:"record"`
	Excluded string `json:"excluded"`
	Detail   string `json:"detail"`
	Deleted  bool   `json:"deleted"`
}

// state is a pair's status with its reason: "excluded: filter".
func (p pair) state() string {
	if p.Pair.Reason == "" {
		return p.Pair.Status
	}
	return p.Pair.Status + ": " + p.Pair.Reason
}

// pairOf gives the pair that a record belongs to; ok is false when there is none.
func (c *cli) pairOf(id int64) (p pair, ok bool) {
	c.t.Helper()
	var out struct {
		Pairs []pair `json:"pairs"`
	}
	c.do(&out, "get", "pairs", "--sync", c.sync, "--record", text(id))
	if len(out.Pairs) == 0 {
		return pair{}, false
	}
	if len(out.Pairs) > 1 {
		c.t.Fatalf("record %d is in %d pairs: %+v", id, len(out.Pairs), out.Pairs)
	}
	return out.Pairs[0], true
}

// pairs gives all pairs of the workspace, and their totals by status.
func (c *cli) pairs(args ...string) (list []pair, totals map[string]json.Number) {
	c.t.Helper()
	page := ""
	for {
		var out struct {
			Pairs  []pair                 `json:"pairs"`
			Next   string                 `json:"next_page_token"`
			Totals map[string]json.Number `json:"totals"`
		}
		c.do(&out, append([]string{"get", "pairs", "--sync", c.sync, "--limit", "1000", "--page", page}, args...)...)
		list = append(list, out.Pairs...)
		if totals == nil {
			totals = out.Totals
		}
		if page = out.Next; page == "" {
			return list, totals
		}
	}
}

// entry is one line of a pair's journal.
type entry struct {
	Event  string `json:"event"`
	Side   string `json:"side"`
	Unit   string `json:"unit"`
	Value  string `json:"value"`
	Rival  string `json:"rival_value"`
	Winner string `json:"winner"`
	Reason string `json:"reason"`
}

// journal tells what happened to the pair of a record.
func (c *cli) journal(id int64) []entry {
	c.t.Helper()
	var out struct {
		Entries []entry `json:"entries"`
	}
	p, ok := c.pairOf(id)
	if !ok {
		c.t.Fatalf("record %d is in no pair", id)
	}
	c.do(&out, "journal", p.ID, "--limit", "1000")
	return out.Entries
}

// backfill is how far a sync's first read of one side is.
type backfill struct {
	Done   bool   `json:"done"`
	Paused bool   `json:"paused"`
	Read   string `json:"read"`
	Total  string `json:"total"`
	Pages  int    `json:"pages"`
	Run    string `json:"run"`
	Cursor string `json:"cursor"`
}

// backfills gives the progress of the sync, by side.
func (c *cli) backfills() map[string]backfill {
	c.t.Helper()
	var out struct {
		Syncs []struct {
			Sync struct {
				Name string `json:"name"`
			} `json:"sync"`
			Backfill map[string]backfill `json:"backfill"`
		} `json:"syncs"`
	}
	c.do(&out, "get", "syncs")
	for _, s := range out.Syncs {
		if s.Sync.Name == c.sync {
			return s.Backfill
		}
	}
	c.t.Fatalf("no sync %q in %s", c.sync, c.workspace)
	return nil
}
