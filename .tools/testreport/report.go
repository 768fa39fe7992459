package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of go test -json (see `go doc test2json`).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// report counts tests, subtests included, and keeps the output of each until
// its outcome is known.
type report struct {
	out                     io.Writer
	passed, failed, skipped int
	output                  map[[2]string]*strings.Builder // by package and test
	red                     map[string]bool                // packages with a failed test
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[[2]string]*strings.Builder{}, red: map[string]bool{}}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				r.event(e)
			} else if _, err := r.out.Write(line); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read go test output: %w", err)
		}
	}
}

func (r *report) event(e event) {
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		r.print(e.Output)
	case "output":
		if r.output[key] == nil {
			r.output[key] = &strings.Builder{}
		}
		r.output[key].WriteString(e.Output)
	case "pass", "fail", "skip":
		r.done(e, r.take(key))
	}
}

// done handles the outcome of a test or, when e names none, of a package.
func (r *report) done(e event, output string) {
	if e.Test == "" {
		r.packageDone(e, output)
		return
	}
	switch e.Action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped++
		r.print(output)
	case "fail":
		r.failed++
		r.red[e.Package] = true
		r.print(output)
	}
}

func (r *report) packageDone(e event, output string) {
	if e.Action == "fail" {
		if !r.red[e.Package] { // did not build, or ended before its tests could
			r.failed++
			r.unfinished(e.Package)
		}
		r.print(output)
		return
	}
	// The last line is go test's summary of the package.
	lines := strings.SplitAfter(strings.TrimSuffix(output, "\n"), "\n")
	if last := lines[len(lines)-1]; e.Action == "pass" {
		r.print(last + "\n")
	}
}

// unfinished prints what the tests of a package said that never came to an
// outcome: the ones that ran when the process crashed or timed out.
func (r *report) unfinished(pkg string) {
	for key := range r.output {
		if key[0] == pkg && key[1] != "" {
			r.print(r.take(key))
		}
	}
}

func (r *report) take(key [2]string) string {
	b := r.output[key]
	delete(r.output, key)
	if b == nil {
		return ""
	}
	return b.String()
}

func (r *report) print(s string) { _, _ = io.WriteString(r.out, s) }
