package conf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/conf"
)

type settings struct {
	Addr string        `yaml:"addr" env:"CONF_TEST_ADDR"`
	Wait time.Duration `yaml:"wait" env:"CONF_TEST_WAIT"`
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheEnvironmentOverridesTheFileAndTheFileTheDefaults(t *testing.T) {
	t.Setenv("CONF_TEST_WAIT", "3s")
	got := settings{Addr: "default", Wait: time.Second}
	if err := conf.Load(write(t, "addr: file\nwait: 2s\n"), &got); err != nil {
		t.Fatal(err)
	}
	if want := (settings{Addr: "file", Wait: 3 * time.Second}); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestAnUnknownKeyStopsTheStartAndIsNamed(t *testing.T) {
	t.Parallel()
	err := conf.Load(write(t, "adr: x\n"), &settings{})
	if err == nil || !strings.Contains(err.Error(), "adr") {
		t.Fatalf("got %v, want an error that names the key", err)
	}
}

func TestAMalformedVariableStopsTheStartAndIsNamed(t *testing.T) {
	t.Setenv("CONF_TEST_WAIT", "soon")
	err := conf.Load("", &settings{})
	if err == nil || !strings.Contains(err.Error(), "Wait") {
		t.Fatalf("got %v, want an error that names the field", err)
	}
}
