package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkout writes the files into a fresh folder and returns it.
func checkout(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		want  string // part of the one problem; empty: none
	}{
		{"links to pages, folders, anchors and sites pass", map[string]string{
			"README.md": "[a](docs/a.md#part) ![b](docs) [c](#here) [d](https://example.com/x) [e](mailto:a@example.com)\n",
			"docs/a.md": "[up](../README.md)\n",
		}, ""},
		{"a link to nothing is reported with its line", map[string]string{"README.md": "x\n[a](gone.md)\n"}, "README.md:2: link leads nowhere: gone.md"},
		{"code is not a link", map[string]string{"README.md": "`[a](gone.md)`\n```\n[b](gone.md)\n```\n"}, ""},
		{"pages of build folders are not ours", map[string]string{"README.md": "x\n", ".cache/x/README.md": "[a](gone.md)\n"}, ""},
		{"a long README is reported", map[string]string{"README.md": strings.Repeat("x\n", readmeLines)}, "keep it under"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := run(checkout(t, tt.files))
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" && len(got) != 0 {
				t.Fatalf("problems %q, want none", got)
			}
			if tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Fatalf("problems %q, want one that says %q", got, tt.want)
			}
		})
	}
}

func TestACheckoutWithoutReadmeIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := run(t.TempDir()); err == nil {
		t.Fatal("no error for a checkout without README.md")
	}
}
