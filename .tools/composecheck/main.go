// Command composecheck judges docker-compose.yml and every Dockerfile of the
// checkout without a Docker engine: it renders the compose file with all its
// profiles, as `docker compose config` would, and holds each service to the
// rules that the deployment guide promises. It never changes a file and never
// starts a container.
//
// usage: composecheck ROOT
package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: composecheck ROOT")
		os.Exit(2)
	}
	problems, err := run(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "composecheck:", err)
		os.Exit(1)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// run returns everything that is wrong under root, one sentence each.
func run(ctx context.Context, root string) ([]string, error) {
	project, err := load(ctx, root)
	if err != nil {
		return nil, err
	}
	programs, err := programFolders(filepath.Join(root, "services"))
	if err != nil {
		return nil, err
	}
	problems := checkProject(project, programs)

	err = filepath.WalkDir(filepath.Join(root, "deploy"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(e.Name(), "Dockerfile") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read dockerfile: %w", err)
		}
		problems = append(problems, checkDockerfile(path, string(text))...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("walk deploy: %w", err)
	}
	return problems, nil
}

// programFolders lists the folders of services/ that hold a program: those with
// a main.go.
func programFolders(dir string) ([]string, error) {
	mains, err := filepath.Glob(filepath.Join(dir, "*", "main.go"))
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	var names []string
	for _, m := range mains {
		names = append(names, filepath.Base(filepath.Dir(m)))
	}
	return names, nil
}
