package core_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/services/change-detector/internal/core"
)

// Times of the tests, in milliseconds: far enough apart to be other seconds.
const (
	early = 10_000
	then  = 20_000
	later = 30_000
)

// held is a complete copy whose fields were edited then.
func held(fields map[string]string) core.Copy {
	c := core.Copy{Fields: map[string]core.Field{}, Modified: then, Complete: true}
	for name, v := range fields {
		c.Fields[name] = core.Field{Value: v, At: then}
	}
	return c
}

func edit(at int64, name, value string) core.Event {
	return core.Event{At: at, Fields: map[string]string{name: value}, Origin: deal.Others}
}

func TestMergingOneEdit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		event   core.Event
		want    core.Field
		changed bool
		store   bool
		read    bool
	}{
		{"a later edit stands", edit(later, "title", "B"), core.Field{Value: "B", At: later}, true, true, false},
		{"an older edit is stale", edit(early, "title", "B"), core.Field{Value: "A", At: then}, false, false, false},
		{"the same edit again is nothing", edit(then, "title", "A"), core.Field{Value: "A", At: then}, false, false, false},
		{"an edit back to the same value is news: what it was meanwhile comes late", edit(later, "title", "A"), core.Field{Value: "A", At: later}, true, true, false},
		{
			"our own write of the same value moves the time and is no news",
			core.Event{At: later, Fields: map[string]string{"title": "A"}, Origin: deal.Ours},
			core.Field{Value: "A", At: later},
			false, true, false,
		},
		{
			"the creation of a record that is known already moves the time and is no news",
			core.Event{Action: core.Created, At: later, Fields: map[string]string{"title": "A"}, Origin: deal.Others},
			core.Field{Value: "A", At: later},
			false, true, false,
		},
		{"another value at the same time is read", edit(then, "title", "B"), core.Field{Value: "B", At: then}, true, true, true},
		{
			"a value that is merely current and as known is nothing",
			core.Event{At: later, Fields: map[string]string{"title": "A", "value": "2"}, Touched: []string{"value"}},
			core.Field{Value: "A", At: then},
			true, true, false,
		},
		{
			"a value that is merely current and another was edited by then",
			core.Event{At: later, Fields: map[string]string{"title": "B", "value": "1"}, Touched: []string{"value"}},
			core.Field{Value: "B", At: later},
			true, true, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(held(map[string]string{"title": "A", "value": "1"}), true)
			m.Event(tt.event)
			r := m.Result(nil)
			if got := r.Copy.Fields["title"]; got != tt.want {
				t.Errorf("title = %+v, want %+v", got, tt.want)
			}
			if got := len(r.Changed) > 0; got != tt.changed || r.News != tt.changed {
				t.Errorf("changed = %v, news = %v, want %v", r.Changed, r.News, tt.changed)
			}
			if r.Store != tt.store {
				t.Errorf("store = %v, want %v", r.Store, tt.store)
			}
			if m.NeedsRead() != tt.read {
				t.Errorf("needs read = %v, want %v", m.NeedsRead(), tt.read)
			}
		})
	}
}

func TestMergingAListedRecord(t *testing.T) {
	t.Parallel()
	listed := func(at int64, title string) core.Record {
		return core.Record{Fields: map[string]string{"title": title}, Modified: at}
	}
	tests := []struct {
		name   string
		record core.Record
		want   core.Field
		read   bool
	}{
		{"a listed value never overrides a later edit", listed(early, "B"), core.Field{Value: "A", At: then}, false},
		{"a value that differs was edited by the record's time", listed(later, "B"), core.Field{Value: "B", At: later}, false},
		{"a value that is known keeps its time", listed(later, "A"), core.Field{Value: "A", At: then}, false},
		{"within a second the app is asked", listed(then+999, "B"), core.Field{Value: "A", At: then}, true},
		{
			"a field's own time counts where it is told",
			core.Record{Fields: map[string]string{"title": "B"}, Edited: map[string]int64{"title": early}, Modified: later},
			core.Field{Value: "A", At: then},
			false,
		},
		{"a deleted record is deleted", core.Record{Modified: later, Deleted: true}, core.Field{Value: "A", At: then}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(held(map[string]string{"title": "A"}), true)
			m.Listed(tt.record)
			r := m.Result(nil)
			if got := r.Copy.Fields["title"]; got != tt.want || m.NeedsRead() != tt.read || r.Deleted != tt.record.Deleted {
				t.Errorf("title = %+v, needs read %v, deleted %v; want %+v, %v, %v",
					got, m.NeedsRead(), r.Deleted, tt.want, tt.read, tt.record.Deleted)
			}
		})
	}
}

func TestAReadSettlesWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		read core.Record
		want core.Field
	}{
		{
			"of two edits at one time the app's value stands",
			core.Record{Fields: map[string]string{"title": "A"}, Edited: map[string]int64{"title": then}, Modified: then},
			core.Field{Value: "A", At: then},
		},
		{
			"without a time of its own the field has the time that is known",
			core.Record{Fields: map[string]string{"title": "A"}, Modified: then - 500},
			core.Field{Value: "A", At: then},
		},
		{
			"an answer from before the edit lags and does not stand",
			core.Record{Fields: map[string]string{"title": "old"}, Modified: early},
			core.Field{Value: "B", At: then},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(held(map[string]string{"title": "A"}), true)
			m.Event(edit(then, "title", "B"))
			if !m.NeedsRead() {
				t.Fatal("two values at one time are not in doubt")
			}
			if tt.read.Modified == then-500 {
				tt.read.Modified = then // the same second
			}
			m.Read(tt.read)
			if got := m.Result(nil).Copy.Fields["title"]; got != tt.want || m.NeedsRead() {
				t.Errorf("title = %+v, still in doubt %v; want %+v", got, m.NeedsRead(), tt.want)
			}
		})
	}
}

func TestARecordNeverSeen(t *testing.T) {
	t.Parallel()
	t.Run("a partial event asks for the record, and both count", func(t *testing.T) {
		t.Parallel()
		m := core.Begin(core.Copy{}, false)
		m.Event(edit(later, "title", "B"))
		if !m.NeedsRead() {
			t.Fatal("an incomplete record is not read")
		}
		m.Read(core.Record{Fields: map[string]string{"title": "A", "value": "5"}, Modified: then})
		r := m.Result(nil)
		want := map[string]core.Field{"title": {Value: "B", At: later}, "value": {Value: "5", At: then}}
		if diff := cmp.Diff(want, r.Copy.Fields); diff != "" || !r.Created || !r.News {
			t.Errorf("created %v, news %v, fields (-want +got):\n%s", r.Created, r.News, diff)
		}
	})
	t.Run("a whole event needs no read", func(t *testing.T) {
		t.Parallel()
		m := core.Begin(core.Copy{}, false)
		m.Event(core.Event{Action: core.Created, At: then, Fields: map[string]string{"title": "A"}, Whole: true})
		if r := m.Result(nil); m.NeedsRead() || !r.Created || !r.Copy.Complete {
			t.Errorf("needs read %v, result %+v", m.NeedsRead(), r)
		}
	})
	t.Run("the app does not know it either", func(t *testing.T) {
		t.Parallel()
		m := core.Begin(core.Copy{}, false)
		m.Event(edit(then, "title", "A"))
		m.Gone(later)
		if r := m.Result(nil); r.Copy.Complete || r.Copy.Deleted {
			t.Errorf("copy = %+v, want an unknown record to stay unknown", r.Copy)
		}
	})
	t.Run("a deletion leaves a tombstone without a read", func(t *testing.T) {
		t.Parallel()
		m := core.Begin(core.Copy{}, false)
		m.Event(core.Event{Action: core.Deleted, At: then})
		if r := m.Result(nil); m.NeedsRead() || !r.Deleted || !r.Store {
			t.Errorf("needs read %v, result %+v", m.NeedsRead(), r)
		}
	})
}

func TestDeletingAndRestoring_R17(t *testing.T) {
	t.Parallel()
	del := func(at int64) core.Event { return core.Event{Action: core.Deleted, At: at} }
	restore := func(at int64) core.Event { return core.Event{Action: core.Restored, At: at} }
	tests := []struct {
		name    string
		events  []core.Event
		deleted bool
		doubt   bool
	}{
		{"deleted", []core.Event{del(later)}, true, false},
		{"deleted and restored", []core.Event{del(early), restore(later)}, false, false},
		{"the restore came first", []core.Event{restore(later), del(early)}, false, false},
		{"deleted again", []core.Event{restore(early), del(later)}, true, false},
		{"both at one time are read", []core.Event{del(later), restore(later)}, true, true},
		{"an edit after the deletion is read: a restore was missed", []core.Event{del(early), edit(later, "title", "B")}, true, true},
		{"an edit before the deletion is nothing special", []core.Event{del(later), edit(later-5000, "title", "B")}, true, false},
		{"merged away", []core.Event{{Action: core.Merged, At: later, MergedInto: "7"}}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(held(map[string]string{"title": "A"}), true)
			for _, e := range tt.events {
				m.Event(e)
			}
			r := m.Result(nil)
			if r.Copy.Deleted != tt.deleted || m.NeedsRead() != tt.doubt {
				t.Errorf("deleted %v, in doubt %v; want %v, %v", r.Copy.Deleted, m.NeedsRead(), tt.deleted, tt.doubt)
			}
			if want := tt.events[0].MergedInto; r.Copy.MergedInto != want {
				t.Errorf("merged into %q, want %q", r.Copy.MergedInto, want)
			}
		})
	}
	t.Run("a listing that shows a deleted record is doubted", func(t *testing.T) {
		t.Parallel()
		c := held(map[string]string{"title": "A"})
		c.Deleted, c.TurnedAt = true, later
		m := core.Begin(c, true)
		m.Listed(core.Record{Fields: map[string]string{"title": "A"}, Modified: then})
		if !m.NeedsRead() {
			t.Fatal("not in doubt")
		}
		m.Read(core.Record{Fields: map[string]string{"title": "A"}, Modified: then})
		if r := m.Result(nil); !r.Restored || !r.News {
			t.Errorf("result = %+v, want restored: the app shows it", r)
		}
	})
}

func TestAMergeIsFinalAndNoOtherNewsHidesIt_R17(t *testing.T) {
	t.Parallel()
	merge := core.Event{Action: core.Merged, At: then, MergedInto: "7"}
	tests := []struct {
		name   string
		events []core.Event
		doubt  bool
	}{
		{"a plain deletion after it", []core.Event{merge, {Action: core.Deleted, At: later}}, false},
		{"a plain deletion before it", []core.Event{{Action: core.Deleted, At: early}, merge}, false},
		{"the deletion is heard first", []core.Event{{Action: core.Deleted, At: later}, merge}, false},
		{"a restore that is heard first is doubted", []core.Event{{Action: core.Restored, At: later}, merge}, true},
		{"a restore that is heard later is doubted", []core.Event{merge, {Action: core.Restored, At: later}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(held(map[string]string{"title": "A"}), true)
			for _, e := range tt.events {
				m.Event(e)
			}
			r := m.Result(nil)
			if !r.Copy.Deleted || r.Copy.MergedInto != "7" || !r.News || m.NeedsRead() != tt.doubt {
				t.Errorf("deleted %v, merged into %q, news %v, in doubt %v", r.Copy.Deleted, r.Copy.MergedInto, r.News, m.NeedsRead())
			}
		})
	}
	gone := held(map[string]string{"title": "A"})
	gone.Deleted, gone.TurnedAt, gone.MergedInto = true, then, "7"
	for _, tt := range []struct {
		name string
		news func(m *core.Merge)
		into string
	}{
		{"a listing that knows of a deletion only", func(m *core.Merge) { m.Listed(core.Record{Modified: later, Deleted: true}) }, "7"},
		{"an answer that knows of a deletion only", func(m *core.Merge) { m.Read(core.Record{Modified: later, Deleted: true}) }, "7"},
		{"no answer at all", func(m *core.Merge) { m.Gone(later) }, "7"},
		{"an answer with the last survivor", func(m *core.Merge) { m.Read(core.Record{Modified: later, Deleted: true, MergedInto: "9"}) }, "9"},
		{"an answer that shows the record", func(m *core.Merge) { m.Read(core.Record{Modified: later}) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(gone, true)
			tt.news(m)
			if r := m.Result(nil); r.Copy.MergedInto != tt.into || r.Copy.Deleted == (tt.into == "") || r.News == (tt.into == "7") {
				t.Errorf("deleted %v, merged into %q, news %v; want %q", r.Copy.Deleted, r.Copy.MergedInto, r.News, tt.into)
			}
		})
	}
	t.Run("a listing that knows more than the deletion event did", func(t *testing.T) {
		t.Parallel()
		m := core.Begin(held(map[string]string{"title": "A"}), true)
		m.Event(core.Event{Action: core.Deleted, At: later})
		m.Listed(core.Record{Modified: then, Deleted: true, MergedInto: "7"})
		if r := m.Result(nil); r.Copy.MergedInto != "7" || !r.News {
			t.Errorf("merged into %q, news %v", r.Copy.MergedInto, r.News)
		}
	})
}

func TestASurvivorRemembersWhatItAbsorbed_R17(t *testing.T) {
	t.Parallel()
	c := held(map[string]string{"title": "A"})
	c.MergedFrom = []string{"5"}
	for _, tt := range []struct {
		name string
		news func(m *core.Merge)
		want []string
		told bool
	}{
		{"an answer tells of another", func(m *core.Merge) { m.Read(core.Record{Modified: then, MergedFrom: []string{"5", "3"}}) }, []string{"3", "5"}, true},
		{"a listing tells of another", func(m *core.Merge) { m.Listed(core.Record{Modified: then, MergedFrom: []string{"9"}}) }, []string{"5", "9"}, true},
		{"what is known is no news", func(m *core.Merge) { m.Read(core.Record{Modified: then, MergedFrom: []string{"5"}}) }, []string{"5"}, false},
		{"an answer that does not tell loses nothing", func(m *core.Merge) { m.Read(core.Record{Modified: then}) }, []string{"5"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(c, true)
			tt.news(m)
			r := m.Result(nil)
			if diff := cmp.Diff(tt.want, r.Copy.MergedFrom); diff != "" || r.News != tt.told || r.Store != tt.told {
				t.Errorf("news %v, store %v, merged from (-want +got):\n%s", r.News, r.Store, diff)
			}
			if diff := cmp.Diff([]string{"5"}, c.MergedFrom); diff != "" {
				t.Errorf("the copy was modified:\n%s", diff)
			}
		})
	}
	t.Run("the record that it absorbed tells of it, and it is read", func(t *testing.T) {
		t.Parallel()
		m := core.Begin(c, true)
		m.Absorbed("8")
		if r := m.Result(nil); !m.NeedsRead() || !r.News || len(r.Copy.MergedFrom) != 2 {
			t.Errorf("read %v, result %+v", m.NeedsRead(), r)
		}
		m = core.Begin(c, true)
		m.Absorbed("5")
		if r := m.Result(nil); m.NeedsRead() || r.News {
			t.Errorf("read %v, news %v of what is known", m.NeedsRead(), r.News)
		}
	})
}

// Associations change without the record's modification time: what is known of
// them is the time of the reading.
func TestAnAssociationIsAsOldAsTheReading_R16(t *testing.T) {
	t.Parallel()
	before := held(map[string]string{"title": "A", "people": "1"})
	before.Fields["people"] = core.Field{Value: "1", At: later}
	seen := func(at int64, people string) core.Record {
		return core.Record{
			Fields: map[string]string{"title": "A", "people": people}, Edited: map[string]int64{"title": then},
			Seen: map[string]int64{"people": at}, Modified: then,
		}
	}
	for _, tt := range []struct {
		name  string
		read  bool
		rec   core.Record
		want  core.Field
		news  bool
		doubt bool
	}{
		{"a read shows another", true, seen(later+5000, "1;2"), core.Field{Value: "1;2", At: later + 5000}, true, false},
		{"a read within the same second stands", true, seen(later+5, "1;2"), core.Field{Value: "1;2", At: later + 5}, true, false},
		{"a read at the same time stands", true, seen(later, "1;2"), core.Field{Value: "1;2", At: later}, true, false},
		{"a read stands whatever the clocks say, for it came after the copy", true, seen(then, "1;2"), core.Field{Value: "1;2", At: later}, true, false},
		{"a read of what is known is not even stored", true, seen(later+5000, "1"), core.Field{Value: "1", At: later}, false, false},
		{"a listing shows another", false, seen(later+5000, ""), core.Field{Value: "", At: later + 5000}, true, false},
		{"an older listing does not", false, seen(then, ""), core.Field{Value: "1", At: later}, false, false},
		{"within a second of the last reading the app is asked", false, seen(later+5, ""), core.Field{Value: "1", At: later}, false, true},
		{"a listing of what is known is not even stored", false, seen(later+5000, "1"), core.Field{Value: "1", At: later}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(before, true)
			if tt.read {
				m.Event(core.Event{At: then}) // that something is associated, not with what
				m.Read(tt.rec)
			} else {
				m.Listed(tt.rec)
			}
			r := m.Result(map[string]bool{"people": true})
			if got := r.Copy.Fields["people"]; got != tt.want || r.News != tt.news || r.Store != tt.news || m.NeedsRead() != tt.doubt {
				t.Errorf("people = %+v, news %v, store %v, in doubt %v", got, r.News, r.Store, m.NeedsRead())
			}
			if m.Approximate() {
				t.Error("a read would tell no better time")
			}
		})
	}
}

func TestTheOriginIsOneOrUnknown(t *testing.T) {
	t.Parallel()
	by := func(o deal.Origin) core.Event {
		return core.Event{At: later, Fields: map[string]string{"title": "B"}, Origin: o}
	}
	then := func(o deal.Origin) core.Event {
		return core.Event{At: then, Fields: map[string]string{"title": "C"}, Origin: o}
	}
	tests := []struct {
		name   string
		events []core.Event
		want   deal.Origin
	}{
		{"ours", []core.Event{by(deal.Ours), by(deal.Ours)}, deal.Ours},
		{"others", []core.Event{by(deal.Others)}, deal.Others},
		{"both", []core.Event{by(deal.Ours), by(deal.Others)}, deal.UnknownOrigin},
		{"theirs after ours", []core.Event{then(deal.Ours), by(deal.Others)}, deal.Others},
		{"ours after theirs, heard of later", []core.Event{by(deal.Ours), then(deal.Others)}, deal.Ours},
		{"one field each", []core.Event{by(deal.Ours), {At: later, Fields: map[string]string{"value": "2"}, Origin: deal.Others}}, deal.UnknownOrigin},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(core.Copy{Fields: map[string]core.Field{"title": {Value: "A", At: early}}, Complete: true}, true)
			for _, e := range tt.events {
				m.Event(e)
			}
			if got := m.Result(nil).Origin; got != tt.want {
				t.Errorf("origin = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEditsOfOthersAreToldApartFromOurWrites_N3(t *testing.T) {
	t.Parallel()
	m := core.Begin(held(map[string]string{"title": "A", "value": "1"}), true)
	m.Event(core.Event{At: later, Fields: map[string]string{"title": "B"}, Origin: deal.Ours})
	m.Event(edit(later+1, "value", "2"))
	m.Event(edit(later+2, "label", "x"))
	r := m.Result(map[string]bool{"title": true, "value": true})
	if r.Origin != deal.UnknownOrigin || !slices.Equal(r.Theirs, []string{"value"}) {
		t.Fatalf("origin %v, theirs %q", r.Origin, r.Theirs)
	}
	if a := r.Apart(); !a.News || a.Origin != deal.Others || !slices.Equal(a.Changed, r.Theirs) || a.Occurred != later+1 || len(a.Copy.Fields) != 3 {
		t.Errorf("apart: %+v", a)
	}
	m = core.Begin(held(map[string]string{"title": "A"}), true)
	m.Event(edit(later, "title", "B"))
	if r := m.Result(nil); r.Theirs != nil {
		t.Errorf("theirs %q where all are", r.Theirs)
	}
}

func TestAChangeThatNobodyWantsIsKeptAndIsNoNews(t *testing.T) {
	t.Parallel()
	m := core.Begin(held(map[string]string{"title": "A", "label": "1"}), true)
	m.Event(edit(later, "label", "2"))
	if r := m.Result(map[string]bool{"title": true}); r.News || !r.Store {
		t.Errorf("news %v, store %v; want it kept and not told", r.News, r.Store)
	}
	m.Event(edit(later, "title", "B"))
	if r := m.Result(map[string]bool{"title": true}); !r.News || len(r.Changed) != 2 {
		t.Errorf("news %v, changed %v; want both told", r.News, r.Changed)
	}
}

func TestAChangeThatDoesNotSayOfWhatIsRead(t *testing.T) {
	t.Parallel()
	m := core.Begin(held(map[string]string{"title": "A"}), true)
	m.Event(core.Event{At: later})
	if !m.NeedsRead() {
		t.Error("the survivor of a merge is not read")
	}
}

func TestAnOfferIsNewsAlways(t *testing.T) {
	t.Parallel()
	r := core.Begin(held(map[string]string{"title": "A"}), true).Result(nil).Offer()
	if !r.News || r.Store || len(r.Changed) != 0 || r.Occurred != then {
		t.Errorf("result = %+v, want news without a change", r)
	}
}

// events draws what may be heard of one record.
func events() *rapid.Generator[[]core.Event] {
	one := rapid.Custom(func(rt *rapid.T) core.Event {
		e := core.Event{
			Action: rapid.SampledFrom([]core.Action{core.Changed, core.Changed, core.Changed, core.Created, core.Deleted, core.Restored, core.Merged}).Draw(rt, "action"),
			At:     rapid.Int64Range(1, 12).Draw(rt, "at"),
			Origin: deal.Origin(rapid.IntRange(0, 2).Draw(rt, "origin")), //nolint:gosec // small
		}
		switch e.Action {
		case core.Deleted, core.Restored:
		case core.Merged:
			e.MergedInto = rapid.SampledFrom([]string{"7", "8"}).Draw(rt, "into")
		default:
			e.MergedFrom = rapid.SliceOfN(rapid.SampledFrom([]string{"3", "4", "5"}), 0, 2).Draw(rt, "from")
			e.Fields = rapid.MapOf(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SampledFrom([]string{"", "x", "y"})).Draw(rt, "fields")
		}
		return e
	})
	return rapid.SliceOfN(one, 1, 12)
}

// merged merges events one delivery at a time, as they come in.
func merged(events []core.Event) core.Copy {
	var c core.Copy
	existed := false
	for _, e := range events {
		m := core.Begin(c, existed)
		m.Event(e)
		c, existed = m.Result(nil).Copy, true
	}
	return c
}

// Any order and any duplication of the same events leads to the same copy.
func TestTheOrderOfArrivalDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		heard := events().Draw(rt, "events")
		shuffled := rapid.Permutation(heard).Draw(rt, "order")
		again := rapid.SliceOf(rapid.SampledFrom(heard)).Draw(rt, "again")
		if diff := cmp.Diff(merged(heard), merged(append(shuffled, again...))); diff != "" {
			rt.Fatalf("copies differ (-in order +as it came):\n%s", diff)
		}
	})
}

// One delivery with all events comes to what many deliveries come to.
func TestBatchingDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		heard := events().Draw(rt, "events")
		m := core.Begin(core.Copy{}, false)
		for _, e := range heard {
			m.Event(e)
		}
		if diff := cmp.Diff(merged(heard), m.Result(nil).Copy); diff != "" {
			rt.Fatalf("copies differ (-one by one +together):\n%s", diff)
		}
	})
}

// A merge never modifies the copy it began with, never goes back in time, and
// tells exactly the fields whose values are others.
func FuzzMerge(f *testing.F) {
	f.Add("A", int64(5), "B", int64(6), false)
	f.Add("A", int64(5), "B", int64(5), true)
	f.Add("", int64(0), "", int64(-1), true)
	f.Fuzz(func(t *testing.T, had string, at int64, value string, now int64, listed bool) {
		before := core.Copy{Fields: map[string]core.Field{"f": {Value: had, At: at}}, Complete: true}
		kept := maps.Clone(before.Fields)
		m := core.Begin(before, true)
		if listed {
			m.Listed(core.Record{Fields: map[string]string{"f": value}, Modified: now})
		} else {
			m.Event(core.Event{At: now, Fields: map[string]string{"f": value}})
		}
		r := m.Result(nil)
		if diff := cmp.Diff(kept, before.Fields); diff != "" {
			t.Fatalf("the copy was modified:\n%s", diff)
		}
		after := r.Copy.Fields["f"]
		if after.At < at {
			t.Errorf("edit time went back from %d to %d", at, after.At)
		}
		if changed := len(r.Changed) == 1; changed != (after.Value != had) {
			t.Errorf("changed = %v though %q became %q", r.Changed, had, after.Value)
		}
		if r.News && !r.Store {
			t.Error("news that is not stored would be told again and again")
		}
	})
}

// Somebody takes our write back before anybody heard of it.
func TestAnEditBackToWhatIsKnownIsNews_N3(t *testing.T) {
	t.Parallel()
	before := core.Copy{Fields: map[string]core.Field{"stage": {Value: "open", At: early}}, Complete: true}
	ours := core.Event{At: then, Fields: map[string]string{"stage": "won"}, Origin: deal.Ours}
	back := core.Event{At: later, Fields: map[string]string{"stage": "open"}, Origin: deal.Others}
	for name, events := range map[string][]core.Event{
		"the echo first": {ours, back}, "the echo after it": {back, ours}, "the echo later": {back},
	} {
		m := core.Begin(before, true)
		for _, e := range events {
			m.Event(e)
		}
		r := m.Result(nil)
		if !r.News || !slices.Equal(r.Changed, []string{"stage"}) || r.Copy.Fields["stage"] != (core.Field{Value: "open", At: later}) {
			t.Errorf("%s: news %v, changed %v, %+v", name, r.News, r.Changed, r.Copy)
		}
	}
}

// A person's edit and the echo of our own write come in any order and together
// or apart; the person's edit is heard of in every case, or a conflict would be
// decided by who came first (R7).
func TestAnEditIsNotHiddenByOurOwnWrite_R7(t *testing.T) {
	t.Parallel()
	person := core.Event{At: then, Fields: map[string]string{"title": "person"}, Origin: deal.Others}
	ours := core.Event{At: later, Fields: map[string]string{"title": "ours"}, Origin: deal.Ours}
	before := core.Copy{Fields: map[string]core.Field{"title": {Value: "A", At: then - 1000}}, Complete: true}
	for _, tt := range []struct {
		name   string
		events []core.Event
		hidden bool
	}{
		{"the echo after the edit, together", []core.Event{person, ours}, true},
		{"the edit after the echo, together", []core.Event{ours, person}, true},
		{"a person's later edit hides nothing that counts", []core.Event{person, {At: later, Fields: ours.Fields, Origin: deal.Others}}, false},
		{"our older write is no edit", []core.Event{{At: then, Fields: person.Fields, Origin: deal.Ours}, ours}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := core.Begin(before, true)
			for _, e := range tt.events {
				m.Event(e)
			}
			r := m.Result(nil)
			if r.Copy.Fields["title"].Value != "ours" {
				t.Errorf("the copy holds %q", r.Copy.Fields["title"].Value)
			}
			if got := r.Hidden["title"].Value == "person"; got != tt.hidden {
				t.Errorf("hidden: %+v", r.Hidden)
			}
			if tt.hidden && r.Uncovered().Copy.Fields["title"] != (core.Field{Value: "person", At: then}) {
				t.Errorf("uncovered: %+v", r.Uncovered())
			}
		})
	}
	m := core.Begin(core.Copy{Fields: map[string]core.Field{"title": {Value: "ours", At: later}}, Complete: true}, true)
	m.Event(person)
	if got := m.Result(nil).Hidden["title"].Value; got != "person" {
		t.Errorf("the edit after the echo, apart: hidden %q", got)
	}
}
