package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// How long processors are watched, in seconds: a run of edits, and a first sync.
const (
	profileEdits     = 5
	profileFirstSync = 30
)

// profile begins to watch the processor time of every service, and looks at its
// memory after that; what it returns waits for the profiles, which are in dir
// then.
func (in *installation) profile(ctx context.Context, dir string, seconds int) (wait func() error) {
	var wg sync.WaitGroup
	failed := make([]error, len(in.procs))
	for i, p := range in.procs {
		if p.health == "" {
			continue
		}
		wg.Go(func() {
			base := "http://" + p.health + "/debug/pprof/"
			failed[i] = errors.Join(
				fetch(ctx, fmt.Sprintf("%sprofile?seconds=%d", base, seconds), filepath.Join(dir, p.name+".cpu")),
				fetch(ctx, base+"heap", filepath.Join(dir, p.name+".heap")),
			)
		})
	}
	return func() error {
		wg.Wait()
		return errors.Join(failed...)
	}
}

func fetch(ctx context.Context, url, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: %s: %s", url, resp.Status)
	}
	raw, err := io.ReadAll(resp.Body)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return nil
}
