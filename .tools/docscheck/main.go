// Command docscheck keeps the pages honest: every local link of every Markdown
// file must lead to a file or folder of the checkout, and README.md must stay
// under 200 lines. It never opens a network connection; links to other sites
// are not looked at.
//
// usage: docscheck ROOT
package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const readmeLines = 200

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: docscheck ROOT")
		os.Exit(2)
	}
	problems, err := run(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "docscheck:", err)
		os.Exit(1)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// run returns every broken promise of the pages under root, one line each.
func run(root string) ([]string, error) {
	var problems []string
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return nil, fmt.Errorf("a checkout needs a README.md: %w", err)
	}
	if n := strings.Count(string(readme), "\n"); n >= readmeLines {
		problems = append(problems, fmt.Sprintf("README.md: %d lines; keep it under %d and link to docs/", n, readmeLines))
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != root && skipped(e.Name()) {
			return filepath.SkipDir
		}
		if e.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read page: %w", err)
		}
		problems = append(problems, brokenLinks(path, string(text))...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("walk %s: %w", root, err)
	}
	return problems, nil
}

// skipped names the folders whose pages are not ours to keep.
func skipped(name string) bool {
	switch name {
	case ".git", ".cache", "bin", "data", "node_modules", "testdata":
		return true
	}
	return false
}

// link matches [text](target) and ![text](target "title").
var link = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?[^)]*\)`)

// brokenLinks returns the local links of one page that lead nowhere. Code, in
// fences or between backticks, is not looked at.
func brokenLinks(page, text string) []string {
	var problems []string
	fenced := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(withoutCode(line), -1) {
			if !resolves(page, m[1]) {
				problems = append(problems, fmt.Sprintf("%s:%d: link leads nowhere: %s", page, i+1, m[1]))
			}
		}
	}
	return problems
}

func withoutCode(line string) string {
	parts := strings.Split(line, "`")
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString(parts[i])
	}
	return b.String()
}

// resolves tells whether target, as written on page, exists. Other sites and
// anchors of the same page count as existing.
func resolves(page, target string) bool {
	u, err := url.Parse(target)
	if err != nil {
		return false
	}
	if u.Scheme != "" || u.Host != "" || u.Path == "" {
		return true
	}
	_, err = os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(u.Path)))
	return err == nil
}
