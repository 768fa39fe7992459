package bus_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/bus/bustest"
	"github.com/dealsync/dealsync/libs/fault"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"a plain id stays":                    {"10000000042", "10000000042"},
		"dots, stars and blanks are encoded":  {"a.b *>", "=YS5iICo-"},
		"nothing is a token too":              {"", "="},
		"what looks encoded is encoded again": {"=abc", "=PWFiYw"},
		"64 characters are plain":             {strings.Repeat("x", 64), strings.Repeat("x", 64)},
		"65 characters are encoded":           {strings.Repeat("x", 65), "=" + strings.Repeat("eHh4", 21) + "eHg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bus.EncodeToken(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSubjectsAreReadBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := bus.Subject{
			Stage:     rapid.SampledFrom([]bus.Stage{bus.Notices, bus.Changes, bus.Proposals, bus.Writes, bus.Journal, bus.Parked}).Draw(t, "stage"),
			Lane:      rapid.SampledFrom([]bus.Lane{bus.Live, bus.Bulk}).Draw(t, "lane"),
			Workspace: rapid.String().Draw(t, "workspace"), Connection: rapid.String().Draw(t, "connection"),
			Object: rapid.String().Draw(t, "object"), Key: rapid.String().Draw(t, "key"),
		}
		text := s.String()
		if strings.Count(text, ".") != 6 || strings.ContainsAny(text, " *>\t\r\n") {
			t.Fatalf("not a subject: %q", text)
		}
		for _, form := range []string{text, strings.Replace(text, "dealsync."+string(s.Stage), "dealsyncq."+string(s.Stage)+".g12.3", 1)} {
			got, err := bus.ParseSubject(form)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s, got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestSubjectsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", ".", "dealsync", "dealsync.changes.live.a.b.c", "dealsync.changes.live.a.b.c.d.e", "dealsync.nowhere.live.a.b.c.d",
		"dealsync.changes.fast.a.b.c.d", "dealsync.changes.live.a.b.c.", "dealsync.changes.live.a.b.c.=YQ", "dealsync.changes.live.a.b.c.=%",
		"dealsyncq.changes.live.a.b.c.d", "dealsyncq.changes.x1.0.live.a.b.c.d", "dealsyncq.changes.g1.-1.live.a.b.c.d",
	} {
		if s, err := bus.ParseSubject(raw); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %+v, %v", raw, s, err)
		}
	}
}

func TestThePartitionIsTheOneTheServerChooses(t *testing.T) {
	t.Parallel()
	cfg := bustest.Config()
	cfg.Partitions = 7
	b := bustest.New(t).Bus(cfg)
	st, err := b.JetStream().Stream(t.Context(), "DEALSYNC_CHANGES")
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range []string{"1", "2", "", "ü", "a.b", "x-y_z", "10000000042", "10000000043"} {
		m := edit(key, key+"id")
		publish(t, b, m)
		stored, err := st.GetMsg(t.Context(), uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Split(stored.Subject, ".")[3], m.Subject.Partition(7); got != string(rune('0'+want)) {
			t.Errorf("%q: stored as %s, want partition %d", key, stored.Subject, want)
		}
	}
}

func FuzzTokensAreReadBackAsTheyWereWritten(f *testing.F) {
	for _, s := range []string{"", "=", "plain", "a.b", "=YQ", "ü", "\x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		enc := bus.EncodeToken(s)
		if dec, err := bus.DecodeToken(enc); err != nil || dec != s {
			t.Errorf("%q -> %q -> %q, %v", s, enc, dec, err)
		}
		// Read as a token, it is refused or the one encoding of what it says.
		if dec, err := bus.DecodeToken(s); err == nil && bus.EncodeToken(dec) != s {
			t.Errorf("%q and %q both say %q", s, bus.EncodeToken(dec), dec)
		}
	})
}

func FuzzParseSubjectNeverPanics(f *testing.F) {
	f.Add("dealsync.changes.live.a.b.c.d")
	f.Add("dealsyncq.changes.g1.0.live.a.b.c.=YS5i")
	f.Fuzz(func(t *testing.T, raw string) {
		s, err := bus.ParseSubject(raw)
		if err != nil {
			return
		}
		if again, err := bus.ParseSubject(s.String()); err != nil || again != s {
			t.Errorf("%q: %+v, then %+v, %v", raw, s, again, err)
		}
	})
}
