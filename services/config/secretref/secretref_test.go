package secretref_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dealsync/dealsync/services/config/secretref"
)

var resolver = secretref.Resolver{
	Env: func(name string) (string, bool) {
		values := map[string]string{"TOKEN": `tok"en\1`, "OTHER": "größe: #x", "BLANK": ""}
		v, ok := values[name]
		return v, ok
	},
	Read: func(path string) ([]byte, error) {
		if path == filepath.Join("conf", "keys", "token") {
			return []byte("  from-file\n"), nil
		}
		return nil, errors.New("open " + path + ": no such file")
	},
}

func TestReferencesBecomeValuesWhereTheyStand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"in flow style": {"auth: {token: {env: TOKEN}}", `auth: {token: {value: "tok\"en\\1"}}`},
		"in block style": {
			"auth:\n    token:\n      env: TOKEN # mine\n  webhook: {user: u, password: {file: keys/token}}",
			"auth:\n    token:\n      value: \"tok\\\"en\\\\1\" # mine\n  webhook: {user: u, password: {value: \"from-file\"}}",
		},
		"several on one line, behind wide letters": {
			`auth: {oauth: {clientID: "ü", clientSecret: {env: 'TOKEN'}, refreshToken: {"env": "OTHER"}}}`,
			`auth: {oauth: {clientID: "ü", clientSecret: {value: "tok\"en\\1"}, refreshToken: {value: "größe: #x"}}}`,
		},
		"values stay":             {"auth: {token: {value: env}}", "auth: {token: {value: env}}"},
		"elsewhere they are text": {"auth: {token: {stored: true}}\n  limit: {env: TOKEN}", "auth: {token: {stored: true}}\n  limit: {env: TOKEN}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const head = "kind: Workspace\nspec: {auth: {token: {env: TOKEN}}}\n---\nkind: Connection\nspec:\n  "
			got, err := resolver.Resolve(filepath.Join("conf", "a.yaml"), []byte(head+c.in))
			if err != nil || string(got) != head+c.want {
				t.Errorf("%v, got:\n%s\nwant:\n%s", err, got, head+c.want)
			}
		})
	}
}

func TestWhatCannotBeResolvedIsListedWithItsPlace(t *testing.T) {
	t.Parallel()
	content := "kind: Connection\nspec:\n  auth:\n    oauth:\n      clientSecret: {env: MISSING}\n      refreshToken: {file: nowhere}\n  webhook: {secret: {env: BLANK}, developerKey: {env: \"TO\\x4bEN\"}}\n"
	_, err := resolver.Resolve("a.yaml", []byte(content))
	want := strings.Join([]string{
		"a.yaml:5:27: env: environment variable MISSING is not set",
		"a.yaml:6:28: file: open nowhere: no such file",
		"a.yaml:7:27: env: environment variable BLANK is not set",
		"a.yaml:7:55: env: write the key and its value plainly, on one line each",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestWhatIsNoDocumentIsLeftToTheService(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "kind: [", "just text", "- a\n- b", "kind: Connection\nspec: text"} {
		got, err := resolver.Resolve("a.yaml", []byte(content))
		if err != nil || string(got) != content {
			t.Errorf("%q: %q %v", content, got, err)
		}
	}
}

func TestTheProcessIsTheUsualSource(t *testing.T) {
	t.Setenv("DEALSYNC_TEST_SECRET", "from-env")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s"), []byte("from-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := secretref.Resolve(filepath.Join(dir, "a.yaml"), []byte("kind: Connection\nspec: {auth: {token: {env: DEALSYNC_TEST_SECRET}}, webhook: {secret: {file: s}}}\n"))
	if err != nil || !strings.Contains(string(got), `{value: "from-env"}`) || !strings.Contains(string(got), `{value: "from-file"}`) {
		t.Errorf("%s %v", got, err)
	}
}

// Whatever is given: no panic, and lines stay where they are.
func FuzzResolve(f *testing.F) {
	f.Add("kind: Connection\nspec:\n  auth: {token: {env: TOKEN}, x: {\"file\": 'keys/token'}}\n")
	f.Add("kind: Connection\nspec: {webhook: {a: {env: TOKEN}, b: {c: {file: ü}}}}\n---\nkind: Connection\n")
	f.Fuzz(func(t *testing.T, content string) {
		got, err := resolver.Resolve("a.yaml", []byte(content))
		if err == nil && strings.Count(string(got), "\n") != strings.Count(content, "\n") {
			t.Errorf("%q became %q", content, got)
		}
	})
}
