package embedded_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/bus/embedded"
)

func TestAServerWithoutSocketKeepsMessagesAcrossRuns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nats")
	for run := range 2 {
		s, err := embedded.Start(embedded.Config{Dir: dir, Durability: bus.Always})
		if err != nil {
			t.Fatal(err)
		}
		if s.URL() != "" {
			t.Errorf("listens on %s", s.URL())
		}
		nc, err := s.Connect()
		if err != nil {
			t.Fatal(err)
		}
		b, err := bus.New(t.Context(), nc, bustest.Config())
		if err != nil {
			t.Fatal(err)
		}
		entries, err := b.ReadJournal(t.Context(), bus.Query{})
		if err != nil || len(entries) != run {
			t.Errorf("run %d: %d entries, %v", run, len(entries), err)
		}
		if err := b.Publish(t.Context(), bus.Message{Subject: bus.Subject{Stage: bus.Journal}, Type: "t"}); err != nil {
			t.Fatal(err)
		}
		nc.Close()
		s.Shutdown()
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v", info.Mode(), err)
	}
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Start(embedded.Config{Dir: filepath.Join(file, "nats")}); err == nil {
		t.Error("started in a file")
	}
	if _, err := embedded.Start(embedded.Config{Dir: t.TempDir(), Listen: "nonsense"}); err == nil {
		t.Error("listens on nonsense")
	}
}
