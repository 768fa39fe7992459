package configure

import (
	"context"
	"fmt"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/ledger"
	"github.com/dealsync/dealsync/libs/mapping"
	"github.com/dealsync/dealsync/libs/match"
	"github.com/dealsync/dealsync/libs/settings"
	"github.com/dealsync/dealsync/services/config/internal/plan"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

const (
	// maxPlanned bounds the records of one side that a plan keeps in memory.
	maxPlanned = 250_000
	planPage   = 500
	// associateBatch is how many associations one call makes in an app that keeps
	// them apart from its records.
	associateBatch = 100
)

// foresight reads live data and works out what syncs would do to it.
type foresight struct {
	*outlook
	tell    func(reading string, read int) error
	now     time.Time
	results map[string]*plan.Result // of the syncs planned so far
	pairs   map[string]*pairs       // of syncs, as they are stored
}

// reading is what was read of one side, and what reading and writing cost there.
type reading struct {
	records []plan.Record
	calls   int
	account plan.Account
}

func (f *foresight) sync(ctx context.Context, y *configv1.Sync) (*configv1.SyncPlan, error) {
	mapper, err := settings.Mapping(y)
	if err != nil {
		return nil, err
	}
	known, err := f.known(ctx, y.GetWorkspace(), y.GetName())
	if err != nil {
		return nil, err
	}
	var sides [3]*reading
	for _, side := range []deal.Side{deal.HubSpot, deal.App} {
		if sides[side], err = f.read(ctx, y, side, mapper, known); err != nil {
			return nil, err
		}
	}
	// Pairs of the syncs that are associated with are listed before, as listing
	// may fail.
	for _, l := range y.GetAssociations() {
		if _, err := f.known(ctx, y.GetWorkspace(), l.GetSync()); err != nil {
			return nil, err
		}
	}
	result := plan.Of(policyOf(y), sides[deal.HubSpot].records, sides[deal.App].records, func(sync string, side deal.Side, record string) string {
		name := y.GetWorkspace() + "/" + sync
		if r := f.results[name]; r != nil {
			return r.Counterpart(side, record)
		}
		return f.pairs[name].of[side][record].counterpart
	})
	f.results[y.GetWorkspace()+"/"+y.GetName()] = result
	return protoPlan(y, result, sides[deal.HubSpot], sides[deal.App]), nil
}

// read reads all records of one side as the sync would map them.
func (f *foresight) read(ctx context.Context, y *configv1.Sync, side deal.Side, mapper *mapping.Sync, known *pairs) (*reading, error) {
	app, err := f.open(y, side)
	if err != nil {
		return nil, err
	}
	m := app.Manifest()
	r := &reading{account: accountOf(&m, f.rate(y.GetWorkspace(), settings.ConnectionOf(y, side)))}
	keys, lines := settings.MatchFields(y, side), refFields(y, side)
	perPage := 1
	if r.account.AssociateBatch > 0 {
		perPage += len(lines) // associations are read apart
	}
	req := connector.ScanRequest{Object: deal.Object(y.GetObject()), Limit: planPage}
	for {
		page, err := app.Scan(connector.WithBulk(ctx), req)
		if err != nil {
			return nil, err
		}
		r.calls += perPage
		for i := range page.Records {
			if rec := &page.Records[i]; !rec.Deleted && rec.MergedInto == "" {
				r.records = append(r.records, f.note(rec, side, mapper, known.of[side][rec.ID], keys, lines))
			}
		}
		if len(r.records) > maxPlanned {
			return nil, fault.New(fault.Rejected, "plan_too_large", "%s has more than %d %s; a plan keeps no more than that in memory", m.Title, maxPlanned, req.Object.Plural())
		}
		if err := f.tell(fmt.Sprintf("%s of %s", req.Object.Plural(), settings.ConnectionOf(y, side)), len(r.records)); err != nil {
			return nil, err
		}
		if req.Cursor = page.Next; page.Next == "" {
			return r, nil
		}
	}
}

// note maps a record and keeps what the plan needs of it.
func (f *foresight) note(rec *connector.Record, side deal.Side, mapper *mapping.Sync, known bond, keys []match.Field, lines map[deal.Object]string) plan.Record {
	mapped := &mapping.Record{Fields: make(map[string]mapping.Value, len(rec.Fields))}
	for name, text := range rec.Fields {
		at, ok := rec.Edited[name]
		if !ok {
			at = rec.Modified
		}
		mapped.Fields[name] = mapping.Value{Text: text, At: at.UnixMilli()}
	}
	img := mapper.Map(side, mapped, known.counterpart != "", f.now)
	r := plan.Note(rec.ID, &img)
	r.Counterpart, r.Bereft, r.Held = known.counterpart, known.bereft, known.held
	r.Keys = match.KeysOf(keys, func(field string) string { return rec.Fields[field] })
	for object, field := range lines {
		if refs := deal.Refs(rec.Fields[field]); len(refs) > 0 {
			if r.Refs == nil {
				r.Refs = map[deal.Object][]string{}
			}
			r.Refs[object] = refs
		}
	}
	return r
}

// accountOf is what an account's calls are worth. An app whose associations can
// be many keeps them apart from its records. own is a rate limit that the
// connection sets; 0: the app's.
func accountOf(m *connector.Manifest, own float64) plan.Account {
	a := plan.Account{WriteBatch: m.WriteBatch, CallsPerSecond: own}
	for _, association := range m.Associations {
		if association.Many {
			a.AssociateBatch = associateBatch
		}
	}
	if b := m.Budget; own == 0 && b.Per > 0 {
		a.CallsPerSecond = float64(b.Calls) / b.Per.Seconds()
	}
	return a
}

// rate is a connection's own rate limit in calls per second; 0: it has none.
func (f *foresight) rate(workspace, connection string) float64 {
	return f.service.protoConnection(workspace, connection, f.workspaces[workspace].Connections[connection]).GetCallsPerSecond()
}

func refFields(y *configv1.Sync, side deal.Side) map[deal.Object]string {
	fields := map[deal.Object]string{}
	for _, l := range y.GetAssociations() {
		fields[deal.Object(l.GetObject())] = settings.EndOf(l, side).GetField()
	}
	return fields
}

// pairs are the bonds of a sync's records by side.
type pairs struct{ of [3]map[string]bond }

// bond is what a record is bound to: its counterpart, or one that was deleted.
type bond struct {
	counterpart string
	bereft      bool
	held        map[string]plan.Held
}

// known lists the pairs of a sync as they are stored, once.
func (f *foresight) known(ctx context.Context, workspace, sync string) (*pairs, error) {
	name := workspace + "/" + sync
	if p := f.pairs[name]; p != nil {
		return p, nil
	}
	p := &pairs{[3]map[string]bond{deal.HubSpot: {}, deal.App: {}}}
	err := f.service.deps.Ledger.Pairs.Each(ctx, ledger.Prefix(workspace, sync), func(item ledger.Item[*ledgerv1.Pair]) error {
		h, a := item.Doc.GetHubspot(), item.Doc.GetApp()
		if item.Doc.GetFoldedInto() != "" || h.GetRecord() == "" || a.GetRecord() == "" {
			return nil
		}
		p.of[deal.HubSpot][h.GetRecord()] = bondTo(a, item.Doc, (*ledgerv1.Unit).GetHubspot)
		p.of[deal.App][a.GetRecord()] = bondTo(h, item.Doc, (*ledgerv1.Unit).GetApp)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the pairs of %s: %w", sync, err)
	}
	f.pairs[name] = p
	return p, nil
}

func bondTo(other *ledgerv1.PairSide, pair *ledgerv1.Pair, own func(*ledgerv1.Unit) *ledgerv1.UnitSide) bond {
	if other.GetDeleted() {
		return bond{bereft: true}
	}
	b := bond{counterpart: other.GetRecord()}
	if pair.GetStatus() != "in_sync" {
		return b
	}
	b.held = make(map[string]plan.Held, len(pair.GetUnits()))
	for name, u := range pair.GetUnits() {
		held, edit := own(u).GetHeld(), own(u).GetEdit()
		if held.GetSet() && !held.GetUnsure() {
			b.held[name] = plan.Held{Own: held.GetOwn(), Other: edit.GetOther(), Edited: edit.GetSet() && edit.GetOwn() == held.GetOwn()}
		}
	}
	return b
}
