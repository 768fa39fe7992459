// Package services_test holds the lines of the architecture: who may import
// whom, what a core may do, how a service folder looks. It reads the sources
// only and never builds or runs them, so it also sees files that the linter's
// configuration would miss.
package services_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/dealsync/dealsync/"
	maxLines = 400
)

// source is one Go file of the three modules.
type source struct {
	path      string // from the top of the checkout, with slashes
	file      *ast.File
	imports   []string
	lines     int
	generated bool
	test      bool
}

// service returns the folder name under services/, or "".
func (s source) service() string {
	parts := strings.Split(s.path, "/")
	if len(parts) < 3 || parts[0] != "services" {
		return ""
	}
	return parts[1]
}

// deciding are the libraries that hold rules which several services share. They
// are held to what a core is held to.
var deciding = []string{"deal", "filter", "mapping", "match", "words"}

// library returns the folder name of a deciding library, or "".
func (s source) library() string {
	for _, name := range deciding {
		if strings.HasPrefix(s.path, "libs/"+name+"/") {
			return name
		}
	}
	return ""
}

// core tells whether the file belongs to the deciding part of a service, or to
// a deciding library.
func (s source) core() bool {
	return s.library() != "" ||
		s.service() != "" && strings.HasPrefix(s.path, "services/"+s.service()+"/internal/core/")
}

// sources parses every Go file of proto, libs and services.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	for _, dir := range []string{"proto", "libs", "services"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(file string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if e.IsDir() && e.Name() == "testdata" {
				return filepath.SkipDir
			}
			if e.IsDir() || filepath.Ext(file) != ".go" {
				return nil
			}
			s, err := parse(fset, file)
			all = append(all, s)
			return err
		})
		if err != nil {
			t.Fatalf("read the sources of %s: %v", dir, err)
		}
	}
	if len(all) == 0 {
		t.Fatal("found no Go file: the test looks at the wrong place")
	}
	return all
}

func parse(fset *token.FileSet, file string) (source, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return source{}, err
	}
	f, err := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	s := source{
		path:      strings.TrimPrefix(filepath.ToSlash(file), "../"),
		file:      f,
		lines:     strings.Count(string(text), "\n"),
		generated: ast.IsGenerated(f),
		test:      strings.HasSuffix(file, "_test.go"),
	}
	for _, i := range f.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, name)
	}
	return s, nil
}

// within tells whether the import path is one of dirs or lies below one.
func within(imported string, dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		return imported == dir || strings.HasPrefix(imported, dir+"/")
	})
}

func ours(imported string) bool { return strings.HasPrefix(imported, module) }

func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// importRule says which imports a set of files may not have, and why.
type importRule struct {
	name    string
	why     string
	applies func(source) bool
	forbids func(s source, imported string) bool
}

var importRules = []importRule{
	{
		name:    "proto imports nothing of ours",
		why:     "it is the contract between the services; whoever takes it must not take our code with it",
		applies: func(s source) bool { return strings.HasPrefix(s.path, "proto/") },
		forbids: func(_ source, imported string) bool {
			return ours(imported) && !within(imported, module+"proto")
		},
	},
	{
		name:    "libs know no service",
		why:     "a library that knows one service can't serve the others; pass what it needs as an argument",
		applies: func(s source) bool { return strings.HasPrefix(s.path, "libs/") },
		forbids: func(_ source, imported string) bool { return within(imported, module+"services") },
	},
	{
		name: "services don't import each other",
		why:  "they meet on the bus and in proto only, so that each can be deployed, scaled and replaced alone; dealsync alone puts them together, e2e looks at them from outside",
		applies: func(s source) bool {
			return s.service() != "" && s.service() != "dealsync" && s.service() != "e2e"
		},
		forbids: func(s source, imported string) bool {
			return within(imported, module+"services") && !within(imported, module+"services/"+s.service())
		},
	},
	{
		name:    "a core knows fault and the deciding libraries only",
		why:     "the rules must be readable and testable without any bus, store or client; translate at the edge, in the wiring package",
		applies: func(s source) bool { return s.core() && !s.test },
		forbids: func(s source, imported string) bool {
			allowed := []string{module + "libs/fault"}
			for _, name := range deciding {
				allowed = append(allowed, module+"libs/"+name)
			}
			if s.library() != "" {
				// Money is never a float, and text is not ASCII.
				allowed = append(allowed, "github.com/shopspring/decimal", "golang.org/x/text")
			} else {
				allowed = append(allowed, module+"services/"+s.service()+"/internal/core")
			}
			return !standard(imported) && !within(imported, allowed...)
		},
	},
	{
		name:    "a core does no I/O and draws no random numbers",
		why:     "the same input must give the same decision, today and in a replay; read and write in the wiring package, pass randomness in",
		applies: func(s source) bool { return s.core() && !s.test },
		forbids: func(_ source, imported string) bool {
			return within(imported, "net", "os", "database", "syscall", "io/fs", "log", "plugin",
				"math/rand", "crypto/rand", "embed", "testing")
		},
	},
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	all := sources(t)
	for _, rule := range importRules {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range all {
				if !rule.applies(s) {
					continue
				}
				for _, imported := range s.imports {
					if rule.forbids(s, imported) {
						t.Errorf("%s imports %s\n\trule: %s\n\twhy: %s", s.path, imported, rule.name, rule.why)
					}
				}
			}
		})
	}
}

// clock are the functions of package time that read the clock or wait for it.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

func TestACoreDoesNotReadTheClock(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if !s.core() || s.test {
			continue
		}
		name := timeName(s.file)
		if name == "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && slices.Contains(clock, sel.Sel.Name) {
				t.Errorf("%s uses time.%s\n\twhy: time is data in a core (edit times, now as an argument), so that a five-minute window is tested in no time and a replay decides as before",
					s.path, sel.Sel.Name)
			}
			return true
		})
	}
}

// timeName returns the name under which the file imports package time, or "".
func timeName(f *ast.File) string {
	for _, i := range f.Imports {
		if i.Path.Value != `"time"` {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return "time"
	}
	return ""
}

func TestEveryServiceFolderIsAProgram(t *testing.T) {
	t.Parallel()
	mains := map[string]bool{}
	folders := map[string]bool{}
	for _, s := range sources(t) {
		if s.service() == "" || s.service() == "e2e" {
			continue
		}
		folders[s.service()] = true
		if s.path == path.Join("services", s.service(), "main.go") && s.file.Name.Name == "main" {
			mains[s.service()] = true
		}
	}
	for folder := range folders {
		if !mains[folder] {
			t.Errorf("services/%s has no main.go of package main\n\twhy: one folder is one program, and one binary in bin/; shared code belongs in libs", folder)
		}
	}
}

func TestAFileReadsInOneSitting(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if !s.generated && !s.test && s.lines > maxLines {
			t.Errorf("%s has %d lines\n\twhy: over %d a file holds more than one thought; split it by subject", s.path, s.lines, maxLines)
		}
	}
}
