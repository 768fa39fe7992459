package hubspot

import (
	"maps"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// object is a record as the API gives it. A property that is null decodes to
// "", which is blank.
type object struct {
	ID         string               `json:"id"`
	Properties map[string]string    `json:"properties"`
	History    map[string][]version `json:"propertiesWithHistory"`
	CreatedAt  time.Time            `json:"createdAt"`
	UpdatedAt  time.Time            `json:"updatedAt"`
	Archived   bool                 `json:"archived"`
	ArchivedAt time.Time            `json:"archivedAt"`
	New        *bool                `json:"new"`
	TraceID    string               `json:"objectWriteTraceId"`
}

// version is one former or current value of a property.
type version struct {
	Timestamp time.Time `json:"timestamp"`
}

type paging struct {
	Next struct {
		After string `json:"after"`
	} `json:"next"`
}

// Properties that tell about the record and are no fields: they move with every
// write and would make each of them look like an edit.
const (
	propModified        = "hs_lastmodifieddate"
	propContactModified = "lastmodifieddate"
	propID              = "hs_object_id"
	propMerged          = "hs_merged_object_ids"
)

func (o *object) record() connector.Record {
	o.UpdatedAt = o.modified() // fields takes the properties away
	r := connector.Record{
		ID: o.ID, MergedFrom: o.absorbed(), Fields: fields(o.Properties), Created: o.CreatedAt,
		Modified: o.UpdatedAt, Deleted: o.Archived,
	}
	if o.Archived && o.ArchivedAt.After(r.Modified) {
		r.Modified = o.ArchivedAt
	}
	if len(o.History) > 0 {
		r.Edited = make(map[string]time.Time, len(o.History))
		for name, versions := range o.History {
			if at := newest(versions); !at.IsZero() && !bookkeeping(name) {
				r.Edited[name] = at
			}
		}
	}
	return r
}

// modified prefers the property, which searches are sorted by.
func (o *object) modified() time.Time {
	for _, name := range []string{propModified, propContactModified} {
		if at, err := time.Parse(time.RFC3339Nano, o.Properties[name]); err == nil {
			return at
		}
	}
	return o.UpdatedAt
}

// absorbed are the ids of the records that were merged into this one.
func (o *object) absorbed() []string {
	var ids []string
	for id := range strings.SplitSeq(o.Properties[propMerged], ";") {
		if id != "" && id != o.ID {
			ids = append(ids, id)
		}
	}
	return ids
}

func newest(versions []version) (at time.Time) {
	for _, v := range versions {
		if v.Timestamp.After(at) {
			at = v.Timestamp
		}
	}
	return at
}

func bookkeeping(name string) bool {
	switch name {
	case propModified, propContactModified, propID, propMerged:
		return true
	default:
		return false
	}
}

// fields takes the properties over as they are, without the bookkeeping ones.
func fields(properties map[string]string) deal.Fields {
	f := deal.Fields(properties)
	if f == nil {
		f = deal.Fields{}
	}
	maps.DeleteFunc(f, func(name, _ string) bool { return bookkeeping(name) })
	return f
}
