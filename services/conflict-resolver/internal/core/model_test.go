package core

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/match"
)

// A world is two apps, people who edit in both, and everything between them in
// a model that is more hostile than the real pipeline: news arrives late,
// twice, out of order or not at all until a poll; writes take their time and
// are sent twice; windows are lost. One seed makes one history.
type world struct {
	rng    *rand.Rand
	cfg    simConfig
	now    int64
	queue  agenda
	seq    int
	sides  map[deal.Side]*crm
	pair   Pair
	policy Policy
	window map[string]openEdit // by side and unit
	open   map[deal.Side]uint64

	edits, writes, creates, steps, refreshes, asides, rejected int
	log                                                        []string
	broken                                                     string
	lost                                                       bool // news came later than its window was kept

	contacts [3]bool // those that have a counterpart
}

// simConfig is what a history may contain.
type simConfig struct {
	Winner    deal.Side
	Direction deal.Ways
	Normalise bool // the app stores upper case
	Marks     bool // webhooks say who made a change
	Loss      bool // webhooks get lost until a poll
	Flush     bool // the windows' store is emptied now and then
	Refusals  bool // the app refuses some values
	Exclude   bool // records leave and come back, are deleted and restored
	Holds     bool // the first record may not be paired for a while
	Merges    bool // records are merged into others
	Contacts  bool // records are associated with contacts
	AppMany   bool // the app can keep several of them
	Edits     int
}

// crm is one app: its record, and the detector's copy of it.
type crm struct {
	side    deal.Side
	exists  bool
	record  string
	fields  map[string]stamped
	copy    map[string]stamped
	deleted bool
	out     bool // excluded
	drift   int64
	truth   map[string]Edit // true last edits by people that could be noticed
	names   map[string]string

	held     bool
	formerly []string // records that were merged into this one
	contacts [3]bool  // associated
}

type stamped struct {
	value string
	at    int64
	ours  bool
}

type openEdit struct {
	Rival
	until int64
}

type task struct {
	at  int64
	seq int
	do  func()
}

type agenda []task

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(task)) }
func (a *agenda) Pop() any {
	old := *a
	t := old[len(old)-1]
	*a = old[:len(old)-1]
	return t
}

const (
	simSkew   = 500
	simWindow = 5 * 60 * 1000
)

var simUnits = []string{"amount", "name", "stage"}

func newWorld(seed uint64, cfg simConfig) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 7)), cfg: cfg, now: 1_000_000_000,
		window: map[string]openEdit{}, open: map[deal.Side]uint64{}, sides: map[deal.Side]*crm{},
		policy: Policy{Winner: cfg.Winner, WindowMs: simWindow, SkewMs: simSkew, Direction: cfg.Direction},
	}
	for _, s := range sides {
		c := &crm{
			side: s, record: s.String() + "-1", drift: w.rng.Int64N(simSkew/2) - simSkew/4,
			fields: map[string]stamped{}, copy: map[string]stamped{}, truth: map[string]Edit{}, names: map[string]string{},
		}
		w.sides[s] = c
	}
	born := sides[w.rng.IntN(2)]
	if cfg.Direction == deal.ToApp {
		born = deal.HubSpot
	} else if cfg.Direction == deal.ToHubSpot {
		born = deal.App
	}
	w.sides[born].exists = true
	for _, u := range simUnits {
		w.set(born, u, w.invent(born, u))
	}
	w.prepare(born)
	return w
}

func (w *world) say(format string, args ...any) {
	if w.log != nil {
		w.log = append(w.log, fmt.Sprintf("%9d  ", w.now-1_000_000_000)+fmt.Sprintf(format, args...))
	}
}

func (w *world) after(d int64, do func()) {
	w.seq++
	heap.Push(&w.queue, task{w.now + d, w.seq, do})
}

// delay is mostly short and sometimes minutes.
func (w *world) delay() int64 {
	switch w.rng.IntN(10) {
	case 0:
		return w.rng.Int64N(8 * 60 * 1000)
	case 1, 2:
		return w.rng.Int64N(20_000)
	default:
		return w.rng.Int64N(800)
	}
}

// invent makes a value that a person may type.
func (w *world) invent(s deal.Side, unit string) string {
	switch {
	case unit == "stage" && s == deal.App:
		return []string{"1/1", "1/2", "1/3"}[w.rng.IntN(3)]
	case unit == "stage":
		return []string{"A", "B"}[w.rng.IntN(2)]
	case w.marked() && w.rng.IntN(8) == 0:
		return ""
	case w.cfg.Refusals && s == deal.HubSpot && w.rng.IntN(10) == 0:
		return fmt.Sprintf("bad%d", w.rng.IntN(3))
	case w.marked():
		return w.store(s, fmt.Sprintf("%s%d", unit, w.rng.IntN(4)))
	default: // without marks only distinct values can tell an edit from an echo
		w.seq++
		return w.store(s, fmt.Sprintf("%s-%s-%d", unit, s, w.seq))
	}
}

// marked reports whether every edit reaches us with a mark of who made it.
func (w *world) marked() bool { return w.cfg.Marks && !w.cfg.Loss }

// store is what the app makes of a value.
func (w *world) store(s deal.Side, v string) string {
	if w.cfg.Normalise && s == deal.App {
		return strings.ToUpper(v)
	}
	return v
}

// translate maps a value of side s into the other side's terms.
func translate(s deal.Side, unit, v string) string {
	if unit != "stage" {
		return v
	}
	if s == deal.App {
		return map[string]string{"1/1": "A", "1/2": "A", "1/3": "B", "": ""}[v]
	}
	return map[string]string{"A": "1/1", "B": "1/3", "": ""}[v]
}

func unitNews(s deal.Side, unit string, v stamped) News {
	return News{
		Own:   deal.Fields{s.String() + "_" + unit: v.value},
		Other: deal.Fields{s.Other().String() + "_" + unit: translate(s, unit, v.value)}, At: v.at,
	}
}

// person edits a field.
func (w *world) person() {
	s := sides[w.rng.IntN(2)]
	c := w.sides[s]
	if !c.exists || c.deleted {
		return
	}
	if w.cfg.Exclude && w.rng.IntN(12) == 0 {
		c.out = !c.out
		w.say("%s excluded=%v", s, c.out)
		w.notify(s, "", stamped{}, deal.Others)
		return
	}
	if w.cfg.Exclude && w.rng.IntN(25) == 0 {
		w.erase(s)
		return
	}
	if w.cfg.Merges && w.rng.IntN(8) == 0 {
		w.mergeRecord(s)
		return
	}
	if w.cfg.Contacts && w.rng.IntN(4) == 0 {
		w.relate(s)
		return
	}
	unit := simUnits[w.rng.IntN(len(simUnits))]
	w.set(s, unit, w.invent(s, unit))
}

func (w *world) set(s deal.Side, unit, v string) {
	c := w.sides[s]
	old, had := c.fields[unit]
	if had && old.value == v {
		return
	}
	w.edits++
	at := max(w.now+c.drift, old.at+1)
	c.fields[unit] = stamped{value: v, at: at}
	w.say("person sets %s.%s=%q @%d", s, unit, v, at-1_000_000_000)
	w.notify(s, unit, c.fields[unit], deal.Others)
}

func (w *world) erase(s deal.Side) {
	c := w.sides[s]
	c.deleted = true
	w.say("%s deleted", s)
	w.notify(s, "", stamped{}, deal.Others)
	w.after(w.rng.Int64N(60_000), func() {
		c.deleted = false
		w.say("%s restored", s)
		w.after(10*60*1000, func() { w.poll(s) })
	})
}

// notify is a webhook: it may get lost or come twice.
func (w *world) notify(s deal.Side, unit string, v stamped, origin deal.Origin) {
	if !w.cfg.Marks {
		origin = deal.UnknownOrigin
	}
	if w.cfg.Loss && w.rng.IntN(6) == 0 {
		return
	}
	for range 1 + w.rng.IntN(4)/3 {
		w.after(w.delay(), func() { w.detect(s, unit, v, origin, Webhook) })
	}
}

// detect merges an event onto the copy and offers the whole image. A late event
// is passed on with its own value, though the copy keeps the later one.
func (w *world) detect(s deal.Side, unit string, v stamped, origin deal.Origin, cause Cause) {
	c := w.sides[s]
	overlay := map[string]stamped{}
	if unit != "" {
		if have, ok := c.copy[unit]; !ok || v.at > have.at {
			c.copy[unit] = v
		}
		overlay[unit] = v
		c.notice(unit, v)
	}
	w.offer(s, overlay, origin, cause)
}

// notice remembers a person's edit that the detector has seen.
func (c *crm) notice(unit string, v stamped) {
	if !v.ours && (!c.truth[unit].Set || v.at > c.truth[unit].At) {
		n := unitNews(c.side, unit, v)
		c.truth[unit] = Edit{Own: n.Own.Fingerprint(), Other: n.Other.Fingerprint(), At: v.at, Set: true}
		c.names[unit] = v.value
	}
}

func (w *world) offer(s deal.Side, overlay map[string]stamped, origin deal.Origin, cause Cause) {
	c := w.sides[s]
	if len(c.copy) < len(simUnits) {
		w.read(c)
		w.offer(s, nil, deal.UnknownOrigin, Poll)
	}
	img := &Image{
		Record: c.record, Cause: cause, Origin: origin, DetectedMs: w.now, Deleted: c.deleted,
		MergedFrom: c.formerly, Associations: w.associations(c),
	}
	if c.out {
		img.Excluded = "filter"
	}
	for _, u := range simUnits {
		v, changed := overlay[u]
		if !changed {
			v = c.copy[u]
		}
		img.Units = append(img.Units, UnitValue{Unit: u, News: unitNews(s, u, v), Changed: changed})
	}
	for range 1 + w.rng.IntN(8)/7 {
		delay := w.delay()
		if cause == Reread {
			delay = w.rng.Int64N(500)
		}
		state := *img
		w.after(delay, func() {
			// Exclusion and deletion come from the copy, which is never behind here.
			state.Deleted, state.Excluded = c.deleted, img.Excluded
			if state.Excluded = ""; c.out {
				state.Excluded = "filter"
			}
			if c.held {
				state.Hold = match.CodeAmbiguous
			}
			w.resolve(Input{Side: s, Image: &state})
		})
	}
}

// read takes the record as it is now into the copy.
func (w *world) read(c *crm) {
	for _, u := range simUnits {
		if v, ok := c.fields[u]; ok && v.at >= c.copy[u].at {
			c.copy[u] = v
			c.notice(u, v)
		}
	}
}

func (w *world) poll(s deal.Side) {
	c := w.sides[s]
	if !c.exists {
		return
	}
	w.read(c)
	w.offer(s, nil, deal.UnknownOrigin, Poll)
}

// resolve is the pair's owner.
func (w *world) resolve(in Input) {
	w.steps++
	if edits := Needs(w.pair, in, w.policy, w.now); edits != nil {
		w.resolveWith(in, w.exchange(in.Side, edits))
		return
	}
	w.resolveWith(in, nil)
}

func (w *world) resolveWith(in Input, rivals []Rival) {
	before := w.pair
	d := Resolve(w.pair, in, rivals, w.policy, w.now)
	if d.Foreign {
		w.broken = "an image of the pair's own record is called foreign"
	}
	w.asides += d.Tally.Asides
	if again := Resolve(before, in, rivals, w.policy, w.now); again.Changed != d.Changed || len(again.Writes) != len(d.Writes) {
		w.broken = "Resolve changed its argument"
	}
	if in.Image != nil {
		w.say("image of %s cause=%d excl=%q del=%v changed=%v tally=%+v", in.Side, in.Image.Cause, in.Image.Excluded, in.Image.Deleted, d.Changed, d.Tally)
		for _, v := range in.Image.Units {
			w.say("      %s=%q @%d changed=%v", v.Unit, text(v.Own), v.At-1_000_000_000, v.Changed)
		}
	} else if in.Outcome != nil {
		w.say("outcome of %s v%d rejected=%v", in.Side, in.Outcome.Version, in.Outcome.Rejected)
	}
	w.pair = d.Pair
	if in.Image != nil && slices.Contains(d.Pair.On(in.Side).Formerly, in.Image.Record) {
		w.lost = true // an edit of a record that was merged away meanwhile
	}
	for name, u := range w.pair.Units {
		was, is := before.Units[name], u.On(in.Side).Edit
		if is != was.On(in.Side).Edit && is.At < w.now-simWindow-simSkew {
			w.lost = true
		}
	}
	for _, r := range d.Refresh {
		w.refreshes++
		w.say("  refresh %s read=%v %s", r.Side, r.Read, r.Reason)
		w.after(w.rng.Int64N(3000), func() {
			if r.Read {
				w.read(w.sides[r.Side])
			}
			w.offer(r.Side, nil, deal.UnknownOrigin, Reread)
		})
	}
	for _, wr := range d.Writes {
		w.say("  write to %s v%d %v", wr.Side, wr.Version, wr.Units)
		w.send(wr)
	}
}

func (w *world) exchange(s deal.Side, edits []Rival) []Rival {
	var rivals []Rival
	for _, e := range edits {
		key := s.String() + e.Unit
		if have := w.window[key]; e.At > have.At || have.until < w.now {
			w.window[key] = openEdit{e, w.now + w.policy.WindowLife()}
		}
		r := w.window[s.Other().String()+e.Unit]
		w.lost = w.lost || r.until > 0 && r.until < w.now
		if r.until >= w.now && !(w.cfg.Flush && w.rng.IntN(3) == 0) {
			rivals = append(rivals, r.Rival)
		}
	}
	return rivals
}

// send is the writer: one write per side at a time, sometimes sent twice.
func (w *world) send(wr Write) {
	w.writes++
	if w.open[wr.Side] != 0 {
		w.broken = "two writes to one side are in flight"
	}
	w.open[wr.Side] = wr.Version
	if wr.Op == Create {
		w.creates++
	}
	sent := w.now + w.delay()
	w.after(sent-w.now, func() { w.apply(wr, sent) })
}

func (w *world) apply(wr Write, sent int64) {
	c := w.sides[wr.Side]
	o := &Outcome{Version: wr.Version, Record: c.record, SentMs: sent}
	switch {
	case w.refuses(wr):
		o.Rejected, o.Code, o.Message = true, "bad_value", "the app refuses bad"
		w.rejected++
		if wr.Op == Create {
			w.creates--
		}
	case c.deleted, w.missed(c, wr):
		o.Gone = true
	default:
		if wr.Op == Create && c.exists {
			w.broken = "a second record was created"
		}
		c.exists = true
		o.Units = w.put(c, wr)
		w.putContacts(c, wr, o)
	}
	if !o.Gone && !o.Rejected && w.rng.IntN(10) == 0 { // the answer is lost; once more
		again := w.rng.Int64N(3000)
		w.after(again, func() {
			at := w.now
			if c.deleted || w.missed(c, wr) {
				o.Gone = true
			} else {
				o.Units = w.put(c, wr)
				w.putContacts(c, wr, o)
			}
			o.SentMs = at
			w.answer(wr, o)
		})
		return
	}
	w.answer(wr, o)
}

func (w *world) refuses(wr Write) bool {
	for _, u := range wr.Units {
		if wr.Side == deal.App && strings.Contains(strings.ToLower(text(u.Fields)), "bad") {
			return w.cfg.Refusals
		}
	}
	return false
}

func (w *world) put(c *crm, wr Write) []UnitWrite {
	var left []UnitWrite
	for _, u := range wr.Units {
		v := stamped{value: w.store(c.side, text(u.Fields)), at: max(w.now+c.drift, c.fields[u.Unit].at), ours: true}
		if old, ok := c.fields[u.Unit]; !ok || old.value != v.value {
			c.fields[u.Unit] = v
			w.say("ours sets %s.%s=%q @%d", c.side, u.Unit, v.value, v.at-1_000_000_000)
			w.notify(c.side, u.Unit, v, deal.Ours)
		}
		left = append(left, UnitWrite{u.Unit, deal.Fields{c.side.String() + "_" + u.Unit: v.value}})
	}
	return left
}

func (w *world) answer(wr Write, o *Outcome) {
	w.after(w.rng.Int64N(2000), func() {
		o.AnsweredMs = w.now
		w.after(w.delay(), func() {
			w.open[wr.Side] = 0
			w.resolve(Input{Side: wr.Side, Outcome: o})
			if w.rng.IntN(8) == 0 {
				w.after(w.delay(), func() { w.resolve(Input{Side: wr.Side, Outcome: o}) })
			}
		})
	})
}
