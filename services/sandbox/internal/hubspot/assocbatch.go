package hubspot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

const (
	maxLinkReads  = 1000
	maxLinkWrites = 2000
	maxLabels     = 10
)

type idRef struct {
	ID wire.Text `json:"id"`
}

func (r idRef) num() int64 {
	n, _ := strconv.ParseInt(string(r.ID), 10, 64) // not a number: no record has id 0
	return n
}

type linkPair struct {
	From  idRef      `json:"from"`
	To    idRef      `json:"to"`
	Types []linkType `json:"types"`
}

func (c *call) appendDone(b []byte, started int64, errs [][]byte) []byte {
	if len(errs) > 0 {
		b = wire.AppendInt(b, "numErrors", int64(len(errs)))
		b = append(wire.AppendKey(b, "errors"), '[')
		for _, e := range errs {
			b = append(wire.Comma(b), e...)
		}
		b = append(b, ']')
	}
	b = wire.AppendStr(b, "startedAt", crm.ISO(started))
	return append(wire.AppendStr(b, "completedAt", crm.ISO(c.s.clock.Milli())), '}')
}

func multi(status int, errs [][]byte) int {
	if len(errs) > 0 {
		return 207
	}
	return status
}

func (o *object) live(id int64) bool {
	r := o.table.Get(id)
	return r != nil && !r.Archived
}

func batchReadLinks(c *call) *apiError {
	a, b, err := c.ends("read")
	if err != nil {
		return err
	}
	var in struct {
		Inputs []idRef `json:"inputs"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	if len(in.Inputs) > maxLinkReads {
		return invalid("At most %d inputs are allowed, not %d", maxLinkReads, len(in.Inputs))
	}
	started := c.s.clock.Milli()
	var errs [][]byte
	for _, ref := range in.Inputs {
		if len(c.p.liveLinks(a, ref.num(), b)) == 0 {
			e := fail(404, catNotFound, "No %s is associated with %s %s.", b.singular, a.singular, ref.ID)
			e.SubCategory = "crm.associations.NO_ASSOCIATIONS_FOUND"
			e.Context = map[string][]string{"fromObjectId": {string(ref.ID)}}
			errs = append(errs, e.entry())
		}
	}
	return c.reply(multi(200, errs), func(out []byte) []byte {
		out = append(out, `{"status":"COMPLETE","results":[`...)
		for _, ref := range in.Inputs {
			ls := c.p.liveLinks(a, ref.num(), b)
			if len(ls) == 0 {
				continue
			}
			out = append(wire.Comma(out), `{"from":{"id":`...)
			out = append(wire.AppendString(out, string(ref.ID)), `},"to":`...)
			out = append(c.p.appendLinks(out, a, b, ls), '}')
		}
		return c.appendDone(append(out, ']'), started, errs)
	})
}

func batchCreateLinks(c *call) *apiError { return c.writeLinks(201, false) }

func batchDefaultLinks(c *call) *apiError { return c.writeLinks(200, true) }

// writeLinks makes many links; with byDefault they are the unlabeled ones.
func (c *call) writeLinks(status int, byDefault bool) *apiError {
	a, b, err := c.ends("write")
	if err != nil {
		return err
	}
	var in struct {
		Inputs []linkPair `json:"inputs"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	if len(in.Inputs) > maxLinkWrites {
		return invalid("At most %d inputs are allowed, not %d", maxLinkWrites, len(in.Inputs))
	}
	started := c.s.clock.Milli()
	var errs, done [][]byte
	for _, pair := range in.Inputs {
		types := []int{pairTypes(a.kind, b.kind).unlabeled}
		if !byDefault {
			if types, err = c.linkTypeIDs(a, b, pair.Types); err != nil {
				return err
			}
		}
		if !a.live(pair.From.num()) || !b.live(pair.To.num()) {
			e := fail(404, catNotFound, "One or more objects could not be found.")
			e.Context = map[string][]string{"fromObjectId": {string(pair.From.ID)}, "toObjectId": {string(pair.To.ID)}}
			errs = append(errs, e.entry())
			continue
		}
		c.p.link(a, pair.From.num(), target{o: b, id: pair.To.num(), types: types, replace: !byDefault}, c.edit(nil))
		if byDefault {
			done = append(done, appendDefault(nil, pair.From.num(), pair.To.num(), types[0]))
			continue
		}
		out := wire.AppendStr([]byte{'{'}, "fromObjectTypeId", a.typeID)
		out = wire.AppendInt(out, "fromObjectId", pair.From.num())
		out = wire.AppendStr(out, "toObjectTypeId", b.typeID)
		out = wire.AppendInt(out, "toObjectId", pair.To.num())
		done = append(done, append(c.p.appendLabelNames(out, a, b, types), '}'))
	}
	return c.reply(multi(status, errs), func(out []byte) []byte {
		out = append(out, `{"status":"COMPLETE","results":[`...)
		for _, d := range done {
			out = append(wire.Comma(out), d...)
		}
		return c.appendDone(append(out, ']'), started, errs)
	})
}

func batchArchiveLinks(c *call) *apiError {
	a, b, err := c.ends("write")
	if err != nil {
		return err
	}
	var in struct {
		Inputs []struct {
			From idRef   `json:"from"`
			To   []idRef `json:"to"`
		} `json:"inputs"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	for _, row := range in.Inputs {
		for _, to := range row.To {
			c.p.unlink(a, row.From.num(), b, to.num(), nil, c.edit(nil))
		}
	}
	return c.noContent()
}

func batchArchiveLabels(c *call) *apiError {
	a, b, err := c.ends("write")
	if err != nil {
		return err
	}
	var in struct {
		Inputs []linkPair `json:"inputs"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	for _, row := range in.Inputs {
		types, err := c.linkTypeIDs(a, b, row.Types)
		if err != nil {
			return err
		}
		c.p.unlink(a, row.From.num(), b, row.To.num(), types, c.edit(nil))
	}
	return c.noContent()
}

// label names a user's label, "Primary", or nothing.
func (l *links) label(a, b *kind, typ int) string {
	if p := pairTypes(a, b).primary; p != 0 && p == typ {
		return "Primary"
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, lb := range l.labels {
		if lb.from == a.name && lb.to == b.name && lb.typeID == typ {
			return lb.label
		}
	}
	return ""
}

type labelView struct {
	Category string  `json:"category"`
	TypeID   int     `json:"typeId"`
	Label    *string `json:"label"`
}

func listLabels(c *call) *apiError {
	a, b, err := c.ends("read")
	if err != nil {
		return err
	}
	pt := pairTypes(a.kind, b.kind)
	out := []labelView{{"HUBSPOT_DEFINED", pt.unlabeled, nil}}
	if pt.primary != 0 {
		name := "Primary"
		out = append(out, labelView{"HUBSPOT_DEFINED", pt.primary, &name})
	}
	c.p.links.mu.RLock()
	for _, lb := range c.p.links.labels {
		if lb.from == a.name && lb.to == b.name {
			name := lb.label
			out = append(out, labelView{"USER_DEFINED", lb.typeID, &name})
		}
	}
	c.p.links.mu.RUnlock()
	return c.replyValue(200, map[string]any{"results": out})
}

type labelInput struct {
	Label        string `json:"label"`
	Name         string `json:"name"`
	InverseLabel string `json:"inverseLabel"`
	TypeID       int    `json:"associationTypeId"`
}

func createLabel(c *call) *apiError {
	a, b, err := c.ends("write")
	if err != nil {
		return err
	}
	var in labelInput
	if err := c.body(&in); err != nil {
		return err
	}
	if in.Label == "" || in.Name == "" {
		return invalid("name and label are required")
	}
	l := &c.p.links
	l.mu.Lock()
	defer l.mu.Unlock()
	have, last := 0, 35
	for _, lb := range l.labels {
		if lb.from == a.name && lb.to == b.name {
			have++
		}
		last = max(last, lb.typeID)
	}
	if have >= maxLabels {
		return invalid("At most %d labels are allowed between two object types", maxLabels)
	}
	back := in.InverseLabel
	if back == "" {
		back = in.Label
	}
	there, here := last+1, last+2
	l.labels = append(l.labels,
		&linkLabel{a.name, b.name, there, here, in.Name, in.Label},
		&linkLabel{b.name, a.name, here, there, in.Name, back})
	return c.replyValue(200, map[string]any{"results": []labelView{
		{"USER_DEFINED", there, &in.Label}, {"USER_DEFINED", here, &back},
	}})
}

func updateLabel(c *call) *apiError {
	a, b, err := c.ends("write")
	if err != nil {
		return err
	}
	var in labelInput
	if err := c.body(&in); err != nil {
		return err
	}
	l := &c.p.links
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lb := range l.labels {
		if lb.from == a.name && lb.to == b.name && lb.typeID == in.TypeID {
			lb.label = in.Label
			return c.noContent()
		}
	}
	return notFound()
}

func deleteLabel(c *call) *apiError {
	a, b, err := c.ends("write")
	if err != nil {
		return err
	}
	typ, _ := strconv.Atoi(strings.TrimSpace(c.r.PathValue("typeID"))) // not a number: no such label
	l := &c.p.links
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.labels, func(lb *linkLabel) bool { return lb.from == a.name && lb.to == b.name && lb.typeID == typ })
	if i < 0 {
		return notFound()
	}
	back := l.labels[i].inverse
	l.labels = slices.DeleteFunc(l.labels, func(lb *linkLabel) bool { return lb.typeID == typ || lb.typeID == back })
	return c.noContent()
}
