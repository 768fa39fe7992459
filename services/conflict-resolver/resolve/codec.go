package resolve

import (
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/settings"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
	"github.com/dealsync/dealsync/services/conflict-resolver/internal/core"
)

// forgotten is the version of the entry among a side's recent writes that holds
// no write, but the time by unit until which writes have been dropped. No write
// has it: versions begin with 1.
const forgotten = 0

// scope is what a pair's messages carry beside what the core knows.
type scope struct {
	sync *configv1.Sync
	pair string
}

func (sc scope) connection(s deal.Side) string { return settings.ConnectionOf(sc.sync, s) }
func (sc scope) object() deal.Object           { return deal.Object(sc.sync.GetObject()) }

// pairOf reads a pair's document; nil is a pair that is not kept yet. Field
// values are shared with the document, which the core never changes.
func pairOf(doc *ledgerv1.Pair) core.Pair {
	p := core.Pair{
		Sync: doc.GetSync(), Version: doc.GetVersion(), HubSpot: sideOf(doc.GetHubspot()), App: sideOf(doc.GetApp()),
		Status: core.Status(doc.GetStatus()), Reason: doc.GetReason(), Message: doc.GetMessage(),
		Rejected: doc.GetRejected(), LastInput: doc.GetLastInput(),
		CreatedMs: doc.GetCreatedMs(), UpdatedMs: doc.GetUpdatedMs(), BornOn: event.SideOf(doc.GetBornOn()),
		FoldedInto: doc.GetFoldedInto(),
	}
	if len(doc.GetUnits()) > 0 {
		p.Units = make(map[string]core.Unit, len(doc.GetUnits()))
	}
	for name, u := range doc.GetUnits() {
		p.Units[name] = core.Unit{HubSpot: unitSideOf(u.GetHubspot()), App: unitSideOf(u.GetApp())}
	}
	return p
}

func sideOf(s *ledgerv1.PairSide) core.PairSide {
	ps := core.PairSide{
		Record: s.GetRecord(), Title: s.GetTitle(), Excluded: s.GetExcluded(), Detail: s.GetDetail(),
		Deleted: s.GetDeleted(), Seen: s.GetSeen(), MadeMs: s.GetMadeMs(), MadeUntilMs: s.GetMadeUntilMs(),
		Hold: s.GetHold(), HoldDetail: s.GetHoldDetail(), Formerly: s.GetFormerly(), Told: s.GetTold(), AskedMs: s.GetAskedMs(),
		Associations: referencesOf(s.GetAssociations()), Associate: referencesOf(s.GetAssociate()), Refused: refusalsOf(s.GetRefused()),
	}
	if f := s.GetFlight(); f != nil {
		ps.Flight = &core.Write{
			Side: event.SideOf(f.GetSide()), Op: core.Op(f.GetOp()), Record: f.GetRecord(), Units: unitWrites(f.GetUnits()), //nolint:gosec // two operations
			Associate: referencesOf(f.GetAssociate()),
			Version:   f.GetVersion(), DecidedMs: f.GetDecidedMs(), OriginMs: f.GetOriginMs(), Bulk: f.GetBulk(),
		}
	}
	for _, r := range s.GetRecent() {
		if r.GetVersion() == forgotten {
			ps.Forgotten = make(map[string]int64, len(r.GetWrote()))
			for unit, until := range r.GetWrote() {
				ps.Forgotten[unit] = int64(until) //nolint:gosec // written from an int64
			}
			continue
		}
		ps.Recent = append(ps.Recent, core.Sent{
			Version: r.GetVersion(), From: r.GetSentMs(), Until: r.GetAnsweredMs(), Wrote: r.GetWrote(), Left: r.GetLeft(),
		})
	}
	return ps
}

func unitSideOf(s *ledgerv1.UnitSide) core.UnitSide {
	us := core.UnitSide{
		Edit:    core.Edit{Own: s.GetEdit().GetOwn(), Other: s.GetEdit().GetOther(), At: s.GetEdit().GetAtMs(), Set: s.GetEdit().GetSet()},
		Held:    core.Held{Own: s.GetHeld().GetOwn(), At: s.GetHeld().GetAtMs(), Unsure: s.GetHeld().GetUnsure(), Set: s.GetHeld().GetSet()},
		Pending: s.GetPending(),
	}
	if a := s.GetAside(); a != nil {
		us.Aside = &core.News{Own: a.GetOwn(), Other: a.GetOther(), At: a.GetEditedMs()}
	}
	return us
}

// document writes a pair down.
func (sc scope) document(p core.Pair) *ledgerv1.Pair {
	doc := &ledgerv1.Pair{
		Sync: sc.sync.GetName(), Version: p.Version, Hubspot: sc.side(p.HubSpot), App: sc.side(p.App),
		Units: make(map[string]*ledgerv1.Unit, len(p.Units)), Status: string(p.Status), Reason: p.Reason, Message: p.Message,
		Rejected: p.Rejected, LastInput: p.LastInput,
		CreatedMs: p.CreatedMs, UpdatedMs: p.UpdatedMs, BornOn: event.ProtoSide(p.BornOn),
		FoldedInto: p.FoldedInto,
	}
	for name, u := range p.Units {
		doc.Units[name] = &ledgerv1.Unit{Hubspot: unitSide(u.HubSpot), App: unitSide(u.App)}
	}
	return doc
}

func (sc scope) side(ps core.PairSide) *ledgerv1.PairSide {
	s := &ledgerv1.PairSide{
		Record: ps.Record, Title: ps.Title, Excluded: ps.Excluded, Detail: ps.Detail, Deleted: ps.Deleted, Seen: ps.Seen,
		MadeMs: ps.MadeMs, MadeUntilMs: ps.MadeUntilMs, Hold: ps.Hold, HoldDetail: ps.HoldDetail, Formerly: ps.Formerly, Told: ps.Told, AskedMs: ps.AskedMs,
		Associations: references(ps.Associations), Associate: references(ps.Associate), Refused: refusals(ps.Refused),
	}
	if ps.Flight != nil {
		s.Flight = sc.write(*ps.Flight)
	}
	if len(ps.Forgotten) > 0 {
		f := &ledgerv1.Sent{Version: forgotten, Wrote: make(map[string]uint64, len(ps.Forgotten))}
		for unit, until := range ps.Forgotten {
			f.Wrote[unit] = uint64(until) //nolint:gosec // read back as an int64
		}
		s.Recent = append(s.Recent, f)
	}
	for _, r := range ps.Recent {
		s.Recent = append(s.Recent, &ledgerv1.Sent{
			Version: r.Version, SentMs: r.From, AnsweredMs: r.Until, Wrote: r.Wrote, Left: r.Left,
		})
	}
	return s
}

func unitSide(us core.UnitSide) *ledgerv1.UnitSide {
	s := &ledgerv1.UnitSide{Pending: us.Pending}
	if us.Edit != (core.Edit{}) {
		s.Edit = &ledgerv1.Edit{Own: us.Edit.Own, Other: us.Edit.Other, AtMs: us.Edit.At, Set: us.Edit.Set}
	}
	if us.Held != (core.Held{}) {
		s.Held = &ledgerv1.Held{Own: us.Held.Own, AtMs: us.Held.At, Unsure: us.Held.Unsure, Set: us.Held.Set}
	}
	if us.Aside != nil {
		s.Aside = &ledgerv1.News{Own: us.Aside.Own, Other: us.Aside.Other, EditedMs: us.Aside.At}
	}
	return s
}
