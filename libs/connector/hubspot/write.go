package hubspot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// input is one record of a batch update or upsert. The trace id is its place in
// the writes; errors name it.
type input struct {
	ID         string      `json:"id"`
	IDProperty string      `json:"idProperty,omitempty"`
	TraceID    string      `json:"objectWriteTraceId"`
	Properties deal.Fields `json:"properties"`
}

// job is one call of Write.
type job struct {
	*Driver
	shape   *shape
	create  bool
	writes  []connector.Write
	results []connector.Result
}

// Write implements connector.Driver. Creates are upserts by the unique pair key,
// so that repeating one makes no second record. Associations follow the values;
// a write without values only makes those.
func (d *Driver) Write(ctx context.Context, object deal.Object, writes []connector.Write) ([]connector.Result, error) {
	s, err := d.shape(object)
	if err != nil || len(writes) == 0 {
		return nil, err
	}
	j := &job{Driver: d, shape: s, create: writes[0].ID == "", writes: writes, results: make([]connector.Result, len(writes))}
	if j.create {
		if err := d.Provision(ctx, object); err != nil {
			return nil, err
		}
	}
	all := make([]int, 0, len(writes))
	for i, w := range writes {
		j.results[i].ID = w.ID
		switch {
		case j.create && w.PairKey == "":
			j.results[i].Err = fault.New(fault.Invalid, "no_pair_key", "a create needs a pair key, or repeating it would make a second record")
		case j.create || len(w.Fields) > 0 || len(w.Associate) == 0:
			all = append(all, i)
		}
	}
	j.settle(ctx, all)
	j.associate(ctx)
	return j.results, nil
}

// settle writes a part of the batch and gives each of its records a result. When
// HubSpot refuses the part as a whole, the records at fault are taken out, by
// name where it names them and by halving where not, and the rest is sent again:
// a refused batch has changed nothing.
func (j *job) settle(ctx context.Context, part []int) {
	if len(part) == 0 {
		return
	}
	answer, err := j.send(ctx, part)
	if err == nil {
		j.assign(part, answer)
		return
	}
	if j.create && keyLost(err) {
		j.shape.setKey(false)
		err = &fault.Error{Kind: fault.Transient, Code: "key_missing", Err: err}
	}
	if !refused(err) || len(part) == 1 {
		for _, i := range part {
			j.fail(i, err)
		}
		return
	}
	guilty := j.named(part, err)
	if len(guilty) == 0 || len(guilty) == len(part) {
		half := len(part) / 2
		j.settle(ctx, part[:half])
		j.settle(ctx, part[half:])
		return
	}
	for _, i := range guilty {
		j.settle(ctx, []int{i}) // alone, so that each gets the message about itself
	}
	j.settle(ctx, slices.DeleteFunc(slices.Clone(part), func(i int) bool { return slices.Contains(guilty, i) }))
}

// fail gives a record its error. A create that another record stands in the way
// of names that record.
func (j *job) fail(i int, err error) {
	r := &j.results[i]
	r.Err = err
	if !j.create {
		return
	}
	if e, ok := asAPIError(err); ok && e.taken() != "" {
		r.Conflict, r.Err = e.taken(), fault.Wrap(fault.Rejected, connector.CodeExists, err)
	}
}

func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.Rejected, fault.NotFound, fault.Conflict:
		return true
	default:
		return false
	}
}

func (j *job) send(ctx context.Context, part []int) (*batchAnswer, error) {
	verb := "update"
	if j.create {
		verb = "upsert"
	}
	op, path := j.shape.plural+".batch_"+verb, j.paths.objects+j.shape.plural+"/batch/"+verb
	body := struct {
		Inputs []input `json:"inputs"`
	}{make([]input, len(part))}
	for n, i := range part {
		w := &j.writes[i]
		in := input{ID: w.ID, TraceID: strconv.Itoa(i), Properties: w.Fields}
		if j.create {
			in.ID, in.IDProperty = w.PairKey, deal.PairKeyField
			in.Properties = deal.Fields{deal.PairKeyField: w.PairKey}
			for name, v := range w.Fields {
				if v != "" { // a new record is blank already
					in.Properties[name] = v
				}
			}
		}
		body.Inputs[n] = in
	}
	var answer batchAnswer
	if err := j.call(ctx, op, http.MethodPost, path, nil, &body, &answer); err != nil {
		return nil, err
	}
	return &answer, nil
}

// assign gives each record of a part what a 200 or 207 says about it. Results
// come in any order.
func (j *job) assign(part []int, answer *batchAnswer) {
	byKey := make(map[string]*object, len(answer.Results))
	for i := range answer.Results {
		o := &answer.Results[i]
		if j.create {
			byKey[o.Properties[deal.PairKeyField]] = o
		} else {
			byKey[o.ID] = o
		}
	}
	failed, stray := j.failures(part, answer.Errors)
	for _, i := range part {
		key := j.writes[i].ID
		if j.create {
			key = j.writes[i].PairKey
		}
		o, r := byKey[key], &j.results[i]
		switch {
		case o != nil:
			r.ID, r.Modified = o.ID, o.modified()
			r.Fields = fields(o.Properties)
			r.Existed = j.create && o.New != nil && !*o.New
		case failed[i] != nil:
			j.fail(i, failed[i])
		case stray != nil:
			j.fail(i, stray)
		case j.create:
			r.Err = fault.New(fault.Transient, "no_result", "HubSpot answered without a result for pair %s", key)
		default: // seen for a record that was merged away
			r.Err = fault.New(fault.NotFound, "no_result", "HubSpot answered without a result for %s %s; it may have been merged", j.shape.object, key)
		}
	}
}

// failures are the errors of a 207 by the record that they name, and one that
// names none.
func (j *job) failures(part []int, errs []apiError) (failed map[int]error, stray error) {
	failed = map[int]error{}
	for k := range errs {
		e := &errs[k]
		err := fmt.Errorf("hubspot batch: %w", e.fault())
		guilty := j.traced(part, e)
		ids := slices.Concat(e.Context["ids"], e.Context["id"])
		for _, i := range part {
			if slices.Contains(ids, j.writes[i].ID) || j.create && slices.Contains(ids, j.writes[i].PairKey) {
				guilty = append(guilty, i)
			}
		}
		for _, i := range guilty {
			failed[i] = err
		}
		if len(guilty) == 0 {
			stray = err
		}
	}
	return failed, stray
}

// named are the records of a part that a refusal of the whole batch is about.
func (j *job) named(part []int, err error) []int {
	e, ok := asAPIError(err)
	if !ok {
		return nil
	}
	if guilty := j.traced(part, e); len(guilty) > 0 {
		return guilty
	}
	// A property that can't be written at all fails every record that has it,
	// whatever the value.
	var names []string
	switch e.code() {
	case "property_doesnt_exist", "read_only_value":
		names = e.properties()
	}
	var guilty []int
	for _, i := range part {
		for name := range j.writes[i].Fields {
			if slices.Contains(names, name) {
				guilty = append(guilty, i)
				break
			}
		}
	}
	return guilty
}

func (j *job) traced(part []int, e *apiError) (guilty []int) {
	for _, trace := range e.traces() {
		if i, err := strconv.Atoi(trace); err == nil && slices.Contains(part, i) {
			guilty = append(guilty, i)
		}
	}
	slices.Sort(guilty)
	return slices.Compact(guilty)
}
