package hubspot

import (
	"net/http"
	"strconv"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

const (
	batchMax     = 100
	batchHistory = 50
)

type batchInput struct {
	Inputs     []recordInput `json:"inputs"`
	Properties []string      `json:"properties"`
	History    []string      `json:"propertiesWithHistory"`
	IDProperty string        `json:"idProperty"`
}

// outcome gathers what a batch came to.
type outcome struct {
	c       *call
	o       *object
	started int64
	results []result
	errs    [][]byte
}

type result struct {
	rec   *crm.Record
	shape *shape
}

func (c *call) batch(access string) (*object, *batchInput, *apiError) {
	o, err := c.object(c.r.PathValue("type"), access)
	if err != nil {
		return nil, nil, err
	}
	in := &batchInput{}
	if err := c.body(in); err != nil {
		return nil, nil, err
	}
	if len(in.Inputs) > batchMax {
		return nil, nil, invalid("The maximum number of inputs supported in a batch request is %d. Please reduce the number of items and try again", batchMax)
	}
	return o, in, nil
}

// reply answers with the results in a random order, since none is promised.
func (oc *outcome) reply(status int) *apiError {
	c := oc.c
	if len(oc.errs) > 0 {
		status = http.StatusMultiStatus
	}
	c.s.faults.Shuffle(len(oc.results), func(i, j int) { oc.results[i], oc.results[j] = oc.results[j], oc.results[i] })
	return c.reply(status, func(b []byte) []byte {
		b = append(b, `{"status":"COMPLETE","results":[`...)
		for _, r := range oc.results {
			b = c.p.appendRecord(b, oc.o, r.rec, r.shape)
		}
		b = append(b, ']')
		if len(oc.errs) > 0 {
			b = wire.AppendInt(b, "numErrors", int64(len(oc.errs)))
			b = append(wire.AppendKey(b, "errors"), '[')
			for _, e := range oc.errs {
				b = append(wire.Comma(b), e...)
			}
			b = append(b, ']')
		}
		b = wire.AppendStr(b, "startedAt", crm.ISO(oc.started))
		b = wire.AppendStr(b, "completedAt", crm.ISO(c.s.clock.Milli()))
		return append(b, '}')
	})
}

func (oc *outcome) add(r *crm.Record, sh *shape) { oc.results = append(oc.results, result{r, sh}) }

func batchRead(c *call) *apiError {
	o, in, err := c.batch("read")
	if err != nil {
		return err
	}
	if len(in.History) > 0 && len(in.Inputs) > batchHistory {
		return invalid("The maximum number of inputs supported in a batch request for property histories is %d. Please reduce the number of items and try again", batchHistory)
	}
	archived := c.r.URL.Query().Get("archived") == "true"
	oc := &outcome{c: c, o: o, started: c.s.clock.Milli()}
	sh := &shape{props: o.wanted(in.Properties), history: in.History}
	var gone []string
	seen := map[int64]bool{}
	for i := range in.Inputs {
		id := string(in.Inputs[i].ID)
		r, ferr := c.find(o, id, in.IDProperty, false)
		switch {
		case ferr != nil && ferr.status != 404:
			return ferr
		case r != nil && r.MergedInto != 0: // absorbed: left out without an error
		case r == nil || r.Archived != archived:
			gone = append(gone, id)
		case !seen[r.ID]:
			seen[r.ID] = true
			oc.add(r, sh)
		}
	}
	if len(gone) > 0 {
		oc.errs = append(oc.errs, missing(o.kind, gone, nil).entry())
	}
	return oc.reply(200)
}

// traced says whether every input can be told apart by its trace id; only then
// does a write batch settle row by row.
func traced(in []recordInput) bool {
	for i := range in {
		if in[i].TraceID == "" {
			return false
		}
	}
	return true
}

func rowError(err *apiError, trace string) []byte {
	row := *err
	row.Context = map[string][]string{"objectWriteTraceId": {trace}}
	return row.entry()
}

func batchCreate(c *call) *apiError {
	o, in, err := c.batch("write")
	if err != nil {
		return err
	}
	byRow := traced(in.Inputs)
	if !byRow {
		if err := c.precheck(o, in.Inputs); err != nil {
			return err
		}
	}
	oc := &outcome{c: c, o: o, started: c.s.clock.Milli()}
	for i := range in.Inputs {
		row := &in.Inputs[i]
		rec, err := c.createOne(o, row)
		switch {
		case err == nil:
			oc.add(rec, &shape{trace: row.TraceID})
		case byRow:
			oc.errs = append(oc.errs, rowError(err, row.TraceID))
		default:
			return err
		}
	}
	return oc.reply(http.StatusCreated)
}

func batchUpdate(c *call) *apiError {
	o, in, err := c.batch("write")
	if err != nil {
		return err
	}
	oc := &outcome{c: c, o: o, started: c.s.clock.Milli()}
	byRow := traced(in.Inputs)
	if !byRow {
		if err := c.precheckUpdates(o, in.Inputs); err != nil {
			return err
		}
	}
	var gone, goneTraces []string
	for i := range in.Inputs {
		row := &in.Inputs[i]
		var rec *crm.Record
		old, err := c.find(o, string(row.ID), row.IDProperty, false)
		if err == nil {
			rec, err = c.p.update(o, old.ID, c.edit(wire.Map(row.Properties)), false)
		}
		switch {
		case err == nil && rec != nil:
			oc.add(rec, &shape{trace: row.TraceID})
		case err == nil || err.status == 404:
			gone = append(gone, string(row.ID))
			if row.TraceID != "" {
				goneTraces = append(goneTraces, row.TraceID)
			}
		case byRow:
			oc.errs = append(oc.errs, rowError(err, row.TraceID))
		default:
			return err
		}
	}
	if len(gone) > 0 {
		oc.errs = append(oc.errs, missing(o.kind, gone, goneTraces).entry())
	}
	return oc.reply(200)
}

func batchUpsert(c *call) *apiError {
	o, in, err := c.batch("write")
	if err != nil {
		return err
	}
	if err := c.checkUpsert(o, in.Inputs); err != nil {
		return err
	}
	oc := &outcome{c: c, o: o, started: c.s.clock.Milli()}
	byRow := traced(in.Inputs)
	if !byRow {
		if err := c.precheckUpdates(o, in.Inputs); err != nil {
			return err
		}
	}
	for i := range in.Inputs {
		row := &in.Inputs[i]
		rec, isNew, err := c.upsertOne(o, row)
		switch {
		case err == nil:
			oc.add(rec, &shape{trace: row.TraceID, isNew: &isNew})
		case byRow:
			oc.errs = append(oc.errs, rowError(err, row.TraceID))
		default:
			return err
		}
	}
	return oc.reply(200)
}

func (c *call) checkUpsert(o *object, rows []recordInput) *apiError {
	seen := map[string]bool{}
	for i := range rows {
		row := &rows[i]
		if row.IDProperty == "" {
			return invalid("idProperty is required for every input of an upsert")
		}
		if d := o.prop(row.IDProperty); d == nil || !d.HasUniqueValue || row.IDProperty == "hs_object_id" {
			return invalid("Unable to perform update/upsert by non-unique %s property %s in portal ID %d", o.typeID, row.IDProperty, c.p.id)
		}
		key := row.IDProperty + "\x00" + string(row.ID)
		if seen[key] {
			return invalid("Duplicate values found in batch input: [%s]. Each input must resolve to its own record", row.ID)
		}
		seen[key] = true
	}
	return nil
}

// upsertOne updates the record that has the unique value, or creates it. When
// another caller creates it in between, the loser updates.
func (c *call) upsertOne(o *object, row *recordInput) (*crm.Record, bool, *apiError) {
	vals := wire.Map(row.Properties)
	if _, sent := vals[row.IDProperty]; !sent {
		vals[row.IDProperty] = string(row.ID)
	}
	for try := 0; ; try++ {
		if old, _ := c.find(o, string(row.ID), row.IDProperty, false); old != nil {
			rec, err := c.p.update(o, old.ID, c.edit(vals), false)
			if rec != nil || err != nil {
				return rec, false, err
			}
		}
		rec, err := c.p.create(o, c.edit(vals))
		if err == nil || try > 0 {
			return rec, true, err
		}
		if again, _ := o.table.ByUnique(row.IDProperty, string(row.ID)); again == nil {
			return nil, false, err
		}
	}
}

func batchArchive(c *call) *apiError {
	o, in, err := c.batch("write")
	if err != nil {
		return err
	}
	for i := range in.Inputs {
		if n, perr := strconv.ParseInt(string(in.Inputs[i].ID), 10, 64); perr == nil {
			c.p.archive(o, n, c.edit(nil))
		}
	}
	return c.noContent()
}
