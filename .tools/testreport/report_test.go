package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	const (
		passA = `{"Action":"output","Package":"p","Test":"TestA","Output":"chatter of A\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
`
		failB = `{"Action":"output","Package":"p","Test":"TestB","Output":"why B failed\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
`
		skipC = `{"Action":"output","Package":"p","Test":"TestC","Output":"why C was skipped\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
`
		okP = `{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
		failP = `{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
`
	)
	tests := []struct {
		name, in, counts string
		red              bool
		shows, hides     []string
	}{
		{"a passing test is counted and keeps quiet", passA + okP, "1 0 0\n", false, []string{"ok  \tp"}, []string{"chatter", "PASS"}},
		{"a failing test shows its output and is red", passA + failB + failP, "1 1 0\n", true, []string{"why B failed", "FAIL\tp"}, []string{"chatter"}},
		{"a skipped test says why", passA + skipC + okP, "1 0 1\n", false, []string{"why C was skipped"}, nil},
		{"a package that did not build is one failure", `{"Action":"build-output","ImportPath":"p","Output":"x.go:1: broken\n"}` + "\n" + failP, "0 1 0\n", true, []string{"x.go:1: broken"}, nil},
		{"a crash shows what was running", `{"Action":"output","Package":"p","Test":"TestD","Output":"panic: in D\n"}` + "\n" + failP, "0 1 0\n", true, []string{"panic: in D"}, nil},
		{"what is not JSON is passed on", "go: cannot find main module\n", "0 0 0\n", true, []string{"cannot find main module"}, nil},
		{"no test at all is red", `{"Action":"skip","Package":"p"}` + "\n", "0 0 0\n", true, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			counts := filepath.Join(t.TempDir(), "counts")
			var out strings.Builder
			err := run(strings.NewReader(tt.in), &out, counts)
			if (err != nil) != tt.red {
				t.Fatalf("error %v, want one: %t", err, tt.red)
			}
			if got, _ := os.ReadFile(counts); string(got) != tt.counts {
				t.Errorf("counts %q, want %q", got, tt.counts)
			}
			for _, s := range tt.shows {
				if !strings.Contains(out.String(), s) {
					t.Errorf("output misses %q:\n%s", s, out.String())
				}
			}
			for _, s := range tt.hides {
				if strings.Contains(out.String(), s) {
					t.Errorf("output should not show %q:\n%s", s, out.String())
				}
			}
		})
	}
}
