package services_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/libs/seal"
	"github.com/dealsync/dealsync/services/change-detector/detect"
	"github.com/dealsync/dealsync/services/config/configure"
	"github.com/dealsync/dealsync/services/conflict-resolver/resolve"
	"github.com/dealsync/dealsync/services/mapper/propose"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
	"github.com/dealsync/dealsync/services/webhook-ingest/ingest"
	"github.com/dealsync/dealsync/services/writer/write"
)

var update = flag.Bool("update", false, "write the reference page of the settings")

const (
	settingsPage  = "../docs/reference/settings.md"
	settingsIntro = `# Settings of the programs

Made from the programs' own descriptions; ` + "`make generate`" + ` renews this page. What is synced is set up with
[configuration documents](configuration.md) instead.

A setting is its default, else what the file given with ` + "`-config FILE`" + ` says, else what its environment variable says. In the
file the first part of a key is a section: ` + "`host.nats_url`" + ` is ` + "`nats_url`" + ` under ` + "`host:`" + `. An unknown key or a malformed value stops
the start; ` + "`-config.verify`" + ` checks both and exits.

` + "`dealsync up`" + ` takes the variables of all programs and no file; it logs as text unless told otherwise, and runs NATS and Redis
itself where ` + "`NATS_URL` and `REDIS_URL`" + ` are not set. The other commands of ` + "`dealsync`" + ` find the installation by
` + "`DEALSYNC_CONFIG_ADDR`, `DEALSYNC_CONFIG_TOKEN` and `DEALSYNC_HEALTH_ADDR`, and work in `DEALSYNC_WORKSPACE`" + `.
`
)

// setting is one field of a program's configuration.
type setting struct{ key, env, standard, about string }

// settingsOf lists the fields of a configuration struct and of those in it.
func settingsOf(t *testing.T, prefix string, config reflect.Value) []setting {
	t.Helper()
	var list []setting
	for i := range config.NumField() {
		field, value := config.Type().Field(i), config.Field(i)
		key := field.Tag.Get("yaml")
		if key == "-" {
			continue
		}
		if key != "" && prefix != "" {
			key = prefix + "." + key
		}
		env, about := field.Tag.Get("env"), field.Tag.Get("desc")
		_, secret := value.Interface().(seal.Secret)
		switch {
		case field.Type.Kind() == reflect.Struct && !secret:
			list = append(list, settingsOf(t, key, value)...)
		case env == "" || about == "":
			t.Errorf("%s.%s has no env or no desc: nobody could set it, or know what it does", config.Type(), field.Name)
		case secret:
			list = append(list, setting{key, env, "secret", about})
		default:
			list = append(list, setting{key, env, fmt.Sprint(value), about})
		}
	}
	return list
}

func moduleSettings[C any](t *testing.T, m host.Module[C]) (name string, list []setting) {
	t.Helper()
	return m.Name, settingsOf(t, "service", reflect.ValueOf(m.Defaults()))
}

func writeSettings(t *testing.T, seen map[string]string, out *strings.Builder, name string, list []setting) {
	t.Helper()
	if len(list) == 0 {
		fmt.Fprintf(out, "\n## %s\n\nNone of its own.\n", name)
		return
	}
	fmt.Fprintf(out, "\n## %s\n\n| variable | key | default | meaning |\n|---|---|---|---|\n", name)
	for _, s := range list {
		if other := seen[s.env]; other != "" {
			t.Errorf("%s is a setting of %s and of %s: one of them would be set by accident", s.env, other, name)
		}
		seen[s.env] = name
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", s.env, quoted(s.key), quoted(s.standard), s.about)
	}
}

func quoted(s string) string {
	if s == "" || s == "secret" {
		return s
	}
	return "`" + s + "`"
}

func TestTheSettingsPageIsCurrent(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	out.WriteString(settingsIntro)
	seen := map[string]string{}
	add := func(name string, list []setting) { writeSettings(t, seen, &out, name, list) }
	add("Every program", settingsOf(t, "host", reflect.ValueOf(host.Defaults())))
	add(moduleSettings(t, configure.Module))
	add(moduleSettings(t, ingest.Module))
	add(moduleSettings(t, detect.Module))
	add(moduleSettings(t, propose.Module))
	add(moduleSettings(t, resolve.Module))
	add(moduleSettings(t, write.Module))
	add("sandbox", settingsOf(t, "", reflect.ValueOf(sandbox.Defaults())))
	out.WriteString("\nThe sandbox reads no file and none of the settings that every program has; each of its own is also a flag,\n`SANDBOX_SEARCH_LAG_MIN` for one is `-search-lag-min`.\n")
	want := out.String()
	if *update {
		if err := os.WriteFile(settingsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run make generate (-want +published):\n%s", diff)
	}
}
