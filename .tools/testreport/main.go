// Command testreport reads the stream of `go test -json` and writes what a
// person wants to see of it: go test's own line per package, the whole output
// of what failed, and the reason of everything that was skipped. It adds the
// counts to a file, so that several runs can be summed up. It fails when a test
// failed or when the stream reports no test at all; it never hides output that
// is not part of the stream, such as compiler errors.
//
// usage: go test -json ./... | testreport [-counts FILE]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	counts := flag.String("counts", "", "append \"passed failed skipped\" to this file")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *counts); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, counts string) error {
	r := newReport(out)
	if err := r.read(in); err != nil {
		return err
	}
	if counts != "" {
		f, err := os.OpenFile(counts, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open counts: %w", err)
		}
		_, err = fmt.Fprintln(f, r.passed, r.failed, r.skipped)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("write counts: %w", err)
		}
	}
	switch {
	case r.failed > 0:
		return fmt.Errorf("%d failed", r.failed)
	case r.passed+r.skipped == 0:
		return fmt.Errorf("no test ran")
	}
	return nil
}
