package hubspot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// linkAnswer is an answer of the batch read of associations. Ids are numbers or
// text. A record without any is left out, or named among the errors.
type linkAnswer struct {
	Results []struct {
		From linkID `json:"from"`
		To   []struct {
			ID anyID `json:"toObjectId"`
		} `json:"to"`
		Paging paging `json:"paging"`
	} `json:"results"`
	Errors []apiError `json:"errors"`
}

type linkID struct {
	ID anyID `json:"id"`
}

// anyID is an id that comes as a number or as text.
type anyID string

// UnmarshalJSON implements json.Unmarshaler.
func (id *anyID) UnmarshalJSON(raw []byte) error {
	var n json.Number // takes quoted numbers too
	if err := json.Unmarshal(raw, &n); err != nil {
		return err
	}
	*id = anyID(n)
	return nil
}

// linkInput asks for a record's associations, after a place in a long list.
type linkInput struct {
	ID    string `json:"id"`
	After string `json:"after,omitempty"`
}

// readLinks adds the associations that are wanted to records that are there, one
// call for all of them and each kind. Those of deleted records are not known.
//
// HubSpot tells no time of an association, and making one need not move the
// record's. The time of this reading stands in: it is later than that of any
// reading before, so that a difference always counts as news, and nobody's edit
// of anything else is measured by it.
func (d *Driver) readLinks(ctx context.Context, s *shape, records []connector.Record) error {
	for _, to := range d.wantedLinks(s.kind) {
		var ids []string
		for i := range records {
			if !records[i].Deleted {
				ids = append(ids, records[i].ID)
			}
		}
		at := d.now()
		linked, err := d.links(ctx, s.kind, kindByObject(to), ids)
		if err != nil {
			return err
		}
		for i := range records {
			if r := &records[i]; !r.Deleted {
				setLinks(r, linkField(to), linked[r.ID], at)
			}
		}
	}
	return nil
}

func setLinks(r *connector.Record, field string, ids []string, at time.Time) {
	r.Fields[field], _ = deal.Canonical(deal.Reference, strings.Join(ids, ";"))
	if r.Edited == nil {
		r.Edited = map[string]time.Time{}
	}
	r.Edited[field] = at
}

// links are the ids of the records of one kind that records of another are
// associated with. A primary association is listed beside the plain one: what is
// named twice is made one by the canonical form.
func (d *Driver) links(ctx context.Context, from, to *kind, ids []string) (map[string][]string, error) {
	linked := make(map[string][]string, len(ids))
	ask := make([]linkInput, len(ids))
	for i, id := range ids {
		ask[i].ID = id
	}
	for len(ask) > 0 {
		part := ask[:min(maxLinks, len(ask))]
		ask = slices.Clone(ask[len(part):])
		answer, err := d.linkPage(ctx, from, to, part)
		if err != nil {
			return nil, err
		}
		for _, r := range answer.Results {
			id := string(r.From.ID)
			for _, one := range r.To {
				linked[id] = append(linked[id], string(one.ID))
			}
			if next := r.Paging.Next.After; next != "" {
				ask = append(ask, linkInput{id, next})
			}
		}
	}
	return linked, nil
}

func (d *Driver) linkPage(ctx context.Context, from, to *kind, part []linkInput) (*linkAnswer, error) {
	var answer linkAnswer
	op := "associations.batch_read"
	err := d.call(ctx, op, http.MethodPost, d.paths.links(from, to)+"/batch/read", nil, map[string]any{"inputs": part}, &answer)
	if err != nil {
		return nil, err
	}
	for i := range answer.Errors {
		if f := answer.Errors[i].fault(); f.Kind != fault.NotFound && !strings.Contains(answer.Errors[i].SubCategory, "NO_ASSOCIATIONS_FOUND") {
			return nil, fmt.Errorf("hubspot %s: %w", op, f)
		}
	}
	return &answer, nil
}

// link is one association that a write asks for.
type link struct {
	write int // place in the job's writes
	from  string
	to    connector.Reference
}

// associate makes the associations of the writes that went well, one call for
// each kind of record they lead to. What can't be made is refused by itself; a
// call that may pass another time fails the writes that it was for, which can be
// repeated as a whole.
func (j *job) associate(ctx context.Context) {
	for i := range kinds {
		var links []link
		for n, w := range j.writes {
			for _, to := range w.Associate {
				if to.Object == kinds[i].object && j.results[n].Err == nil {
					links = append(links, link{n, j.results[n].ID, to})
				}
			}
		}
		for part := range slices.Chunk(links, maxLinks) {
			j.makeLinks(ctx, &kinds[i], part)
		}
	}
	for n, w := range j.writes {
		for _, to := range w.Associate {
			if kindByObject(to.Object) == nil && j.results[n].Err == nil {
				j.refuse(link{n, "", to}, fault.New(fault.Invalid, "object_not_shared", "HubSpot has no associations with %q", to.Object))
			}
		}
	}
}

func (j *job) refuse(l link, err error) {
	r := &j.results[l.write]
	r.Refused = append(r.Refused, connector.RefusedReference{Reference: l.to, Err: err})
}

type linkPair struct {
	From linkEnd `json:"from"`
	To   linkEnd `json:"to"`
}

type linkEnd struct {
	ID string `json:"id"`
}

// makeLinks makes the plain associations; making one again changes nothing. A
// refusal of the whole call is narrowed down by halving.
func (j *job) makeLinks(ctx context.Context, to *kind, part []link) {
	inputs := make([]linkPair, len(part))
	for i, l := range part {
		inputs[i] = linkPair{linkEnd{l.from}, linkEnd{l.to.ID}}
	}
	var answer struct {
		Results []struct {
			From linkID `json:"from"`
			To   linkID `json:"to"`
		} `json:"results"`
		Errors []apiError `json:"errors"`
	}
	err := j.call(ctx, "associations.batch_create", http.MethodPost, j.paths.links(j.shape.kind, to)+"/batch/associate/default",
		nil, map[string]any{"inputs": inputs}, &answer)
	switch {
	case err == nil:
		made := map[linkPair]bool{}
		for _, r := range answer.Results {
			made[linkPair{linkEnd{string(r.From.ID)}, linkEnd{string(r.To.ID)}}] = true
		}
		for i, l := range part {
			if err := linkError(answer.Errors, inputs[i]); err != nil && !made[inputs[i]] {
				j.refuse(l, err)
			}
		}
	case !refused(err) && !forbidden(err):
		for _, l := range part {
			j.results[l.write].Err = fmt.Errorf("associate with %s: %w", to.plural, err)
		}
	case len(part) == 1 || forbidden(err):
		for _, l := range part {
			j.refuse(l, err)
		}
	default:
		half := len(part) / 2
		j.makeLinks(ctx, to, part[:half])
		j.makeLinks(ctx, to, part[half:])
	}
}

// linkError is the error about a pair, or one that names no pair at all.
func linkError(errs []apiError, pair linkPair) error {
	var stray error
	for i := range errs {
		e := &errs[i]
		from, to := e.Context["fromObjectId"], e.Context["toObjectId"]
		about := (len(from) == 0 || slices.Contains(from, pair.From.ID)) && (len(to) == 0 || slices.Contains(to, pair.To.ID))
		switch {
		case !about:
		case len(from)+len(to) > 0:
			return fmt.Errorf("hubspot associate: %w", e.fault())
		default:
			stray = errors.Join(stray, fmt.Errorf("hubspot associate: %w", e.fault()))
		}
	}
	return stray
}
