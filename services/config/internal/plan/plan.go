// Package plan works out what a sync would do to records that exist now, before
// it does anything (B2): what it would create, update and associate, what it
// would leave out and why, and what that costs in API calls and time. It decides
// by the same rules as the pipeline (libs/mapping, libs/match), is pure, and
// reads and writes nothing.
package plan

import (
	"slices"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/match"
)

// Record is what the plan keeps of a record that was read.
type Record struct {
	ID, Title string
	// Excluded is the reason why the record does not sync; Detail says it in words.
	Excluded, Detail string
	// Counterpart is the record that it is paired with already.
	Counterpart string
	// Bereft: its counterpart was deleted, so it is neither paired nor free (R17).
	Bereft bool
	Keys   match.Keys
	// Refs are the ids of the associated records by object (R16).
	Refs map[deal.Object][]string
	// Held is what the pair knows that the record holds, by field line; nil when
	// it is not in step.
	Held  map[string]Held
	units []unit
}

// Held is what a pair in step knows of one side of a field line, in fingerprints:
// the value there, and what it means in the other side's terms where it was
// edited there. An app may keep what was written in a form of its own, which is
// no difference.
type Held struct {
	Own, Other uint64
	Edited     bool
}

// unit is one field line of a record in fingerprints.
type unit struct {
	name       string
	own, other uint64
	travels    bool // its value may be written to the other side
	at         int64
	failure    string // code of why it can't be translated
	words      string
}

// Note keeps what the plan needs of a record's image.
func Note(id string, img *mapping.Image) Record {
	r := Record{ID: id, Title: img.Title, Excluded: img.Excluded, Detail: img.Detail}
	for _, u := range img.Units {
		n := unit{name: u.Name, own: u.Own.Fingerprint(), other: u.Other.Fingerprint(), travels: len(u.Other) > 0, at: u.At}
		if u.Untranslatable != "" {
			n.failure, n.words = mapping.SplitReason(u.Untranslatable)
			if n.failure == "" {
				n.failure = "untranslatable"
			}
		}
		r.units = append(r.units, n)
	}
	return r
}

// unit finds a field line's value; nil when the record has none.
func (r *Record) unit(name string) *unit {
	i := slices.IndexFunc(r.units, func(u unit) bool { return u.name == name })
	if i < 0 {
		return nil
	}
	return &r.units[i]
}

// Policy is what a sync's settings say, as far as a plan needs it.
type Policy struct {
	Ways     deal.Ways
	Winner   deal.Side
	WindowMs int64
	Lines    []Line
}

// Line is an association that the sync carries over.
type Line struct {
	Object deal.Object
	// Sync pairs the associated records.
	Sync string
	// HubSpotMany and AppMany: a record there can have several.
	HubSpotMany, AppMany bool
}

func (l *Line) many(s deal.Side) bool {
	if s == deal.HubSpot {
		return l.HubSpotMany
	}
	return l.AppMany
}

// Counterparts answers the record that stands for another one under a sync, New
// when it would be created, and "" when there is none.
type Counterparts func(sync string, side deal.Side, record string) string

// New stands for the id of a record that does not exist yet.
const New = "new"

// maxExamples is how many examples of a kind and side are kept.
const maxExamples = 5

// Kinds of examples.
const (
	Create   = "create"
	Update   = "update"
	Excluded = "excluded"
	Conflict = "conflict"
	Failing  = "failing"
)

// Example is a record and what would become of it.
type Example struct {
	Kind              string
	Side              deal.Side
	ID, Title, Detail string
}

// Side is what would happen to one side.
type Side struct {
	Records, Creates, Updates, Associations int
	Excluded                                map[string]int
}

// Result is what a sync would do.
type Result struct {
	HubSpot, App               Side
	Paired, Matched, Conflicts int
	Failing                    map[string]int
	Examples                   []Example
	// counterparts by side, for the associations of later syncs.
	counterparts [3]map[string]string
}

// On is what would happen to a side.
func (r *Result) On(s deal.Side) *Side {
	if s == deal.App {
		return &r.App
	}
	return &r.HubSpot
}

// Counterpart is the record that would stand for a record of a side.
func (r *Result) Counterpart(s deal.Side, record string) string { return r.counterparts[s][record] }

// step is one plan in the making.
type step struct {
	Result
	policy Policy
	across Counterparts
	shown  map[string]int
}

// Of plans a sync. Deleted records are left out by the caller.
func Of(policy Policy, hubspot, app []Record, across Counterparts) *Result {
	st := &step{policy: policy, across: across, shown: map[string]int{}}
	st.Failing = map[string]int{}
	st.HubSpot = Side{Records: len(hubspot), Excluded: map[string]int{}}
	st.App = Side{Records: len(app), Excluded: map[string]int{}}
	st.counterparts = [3]map[string]string{deal.HubSpot: {}, deal.App: {}}
	couples, alone := st.couple(hubspot, app)
	for _, c := range couples {
		st.settle(c)
	}
	for _, a := range alone {
		st.begin(a)
	}
	return &st.Result
}

// begin plans a record without counterpart: it gets one, or why not.
func (st *step) begin(a single) {
	r, other := a.record, a.side.Other()
	switch {
	case r.Excluded != "":
		st.exclude(a.side, r)
		return
	case r.Bereft:
		reason := "deleted_in_" + other.String()
		st.On(a.side).Excluded[reason]++
		st.show(Excluded, a.side, r, reason)
		return
	case a.held != "":
		st.Failing[match.CodeAmbiguous]++
		st.show(Failing, a.side, r, match.CodeAmbiguous+": "+a.held)
		return
	case !st.policy.Ways.To(other):
		st.On(a.side).Excluded[mapping.OneWay]++
		return
	}
	st.On(other).Creates++
	st.counterparts[a.side][r.ID] = New
	st.show(Create, other, r, "")
	for i := range r.units {
		if u := &r.units[i]; u.failure != "" {
			st.fail(a.side, r, u)
		}
	}
	st.associate(other, r, nil)
}

func (st *step) exclude(s deal.Side, r *Record) {
	st.On(s).Excluded[r.Excluded]++
	st.show(Excluded, s, r, r.Excluded+": "+r.Detail)
}

func (st *step) fail(s deal.Side, r *Record, u *unit) {
	st.Failing[u.failure]++
	st.show(Failing, s, r, u.name+": "+u.words)
}

func (st *step) show(kind string, s deal.Side, r *Record, detail string) {
	key := kind + s.String()
	if st.shown[key]++; st.shown[key] <= maxExamples {
		st.Examples = append(st.Examples, Example{Kind: kind, Side: s, ID: r.ID, Title: r.Title, Detail: detail})
	}
}
