package hubspot

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// notification is one event of a delivery. Live deliveries say
// subscriptionType where the documentation says eventType (webhooks guide).
type notification struct {
	PortalID         int64       `json:"portalId"`
	OccurredAt       int64       `json:"occurredAt"` // ms
	SubscriptionType string      `json:"subscriptionType"`
	EventType        string      `json:"eventType"`
	ObjectID         int64       `json:"objectId"`
	ObjectTypeID     string      `json:"objectTypeId"`
	PropertyName     string      `json:"propertyName"`
	PropertyValue    looseString `json:"propertyValue"`
	ChangeSource     string      `json:"changeSource"`
	SourceID         looseString `json:"sourceId"`
	Sensitive        bool        `json:"isSensitive"`
	PrimaryID        int64       `json:"primaryObjectId"`
	MergedIDs        []int64     `json:"mergedObjectIds"`
	NewID            int64       `json:"newObjectId"`

	// Of associationChange.
	AssociationType string `json:"associationType"`
	FromID          int64  `json:"fromObjectId"`
	FromTypeID      string `json:"fromObjectTypeId"`
	ToID            int64  `json:"toObjectId"`
	ToTypeID        string `json:"toObjectTypeId"`
}

// looseString is text that may come as another JSON scalar.
type looseString string

// UnmarshalJSON implements json.Unmarshaler.
func (s *looseString) UnmarshalJSON(raw []byte) error {
	switch {
	case string(raw) == "null":
		*s = ""
	case raw[0] == '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		*s = looseString(text)
	case raw[0] == '{' || raw[0] == '[':
		return errors.New("value is not a scalar")
	default:
		*s = looseString(raw)
	}
	return nil
}

// maxEvents is more than any delivery has (up to 100).
const maxEvents = 1000

// ParseWebhook implements connector.WebhookDriver. Property changes of one
// record by one author at one time become one event, so that a write of
// several properties is one change downstream.
func (d *Driver) ParseWebhook(body []byte) ([]connector.Event, error) {
	all, bad, err := decode(body)
	if err != nil {
		return nil, err
	}
	var (
		events []connector.Event
		merged = map[mergeKey]int{}
	)
	for i := range all {
		n := &all[i]
		got, err := d.events(n)
		if err != nil {
			bad = append(bad, err)
		}
		for _, e := range got {
			events = gather(events, merged, e)
		}
	}
	if len(bad) > 0 {
		return events, fault.Wrap(fault.Invalid, "unknown_event", errors.Join(bad...))
	}
	return events, nil
}

// decode reads the notifications, one by one when some of them are malformed.
func decode(body []byte) (all []notification, bad []error, err error) {
	if json.Unmarshal(body, &all) != nil {
		var parts []json.RawMessage
		if err := json.Unmarshal(body, &parts); err != nil {
			return nil, nil, fault.Wrap(fault.Invalid, "malformed_webhook", fmt.Errorf("decode delivery: %w", err))
		}
		all = nil
		for _, part := range parts {
			var n notification
			if err := json.Unmarshal(part, &n); err != nil {
				bad = append(bad, fmt.Errorf("decode event: %w", err))
				continue
			}
			all = append(all, n)
		}
	}
	if len(all) > maxEvents {
		return nil, nil, fault.New(fault.Invalid, "malformed_webhook", "delivery has %d events, more than %d", len(all), maxEvents)
	}
	return all, bad, nil
}

type mergeKey struct {
	object  deal.Object
	id      string
	blind   bool // says that something changed, not what
	ms      int64
	origin  deal.Origin
	account string
}

// gather adds e to events, into the one of the same record, author and time
// where there is one that does not say something else of the same property. One
// that only says that something changed is not said twice.
func gather(events []connector.Event, merged map[mergeKey]int, e connector.Event) []connector.Event {
	if e.Action != connector.Changed || len(e.MergedFrom) > 0 {
		return append(events, e)
	}
	key := mergeKey{e.Object, e.ID, len(e.Fields) == 0, e.At.UnixMilli(), e.Origin, e.Account}
	at, seen := merged[key]
	if seen {
		for name, v := range e.Fields {
			if held, ok := events[at].Fields[name]; ok && held != v {
				return append(events, e)
			}
			events[at].Fields[name] = v
		}
		return events
	}
	merged[key] = len(events)
	return append(events, e)
}

// events are what one notification says: none for what is not carried over.
func (d *Driver) events(n *notification) ([]connector.Event, error) {
	name := n.SubscriptionType
	if name == "" {
		name = n.EventType
	}
	of, action := n.about(name)
	switch {
	case of == nil:
		return nil, fmt.Errorf("unknown event %q", name)
	case action == "associationChange":
		return d.linkEvents(n, of), nil
	case n.ObjectID <= 0 && action != "merge" || n.OccurredAt <= 0:
		return nil, fmt.Errorf("event %q without object or time", name)
	}
	e := d.event(n, of.object, n.ObjectID)
	switch action {
	case "propertyChange":
		if n.PropertyName == "" {
			return nil, fmt.Errorf("event %q without a property name", name)
		}
		if bookkeeping(n.PropertyName) {
			return nil, nil
		}
		if !n.Sensitive { // whose value is REDACTED: the record has to be read
			e.Fields = deal.Fields{n.PropertyName: string(n.PropertyValue)}
		}
	case "creation":
		e.Action = connector.Created
	case "deletion", "privacyDeletion":
		e.Action = connector.Deleted
	case "restore":
		e.Action = connector.Restored
	case "merge":
		return mergeEvents(n, e)
	default:
		return nil, fmt.Errorf("unknown event %q", name)
	}
	return []connector.Event{e}, nil
}

// about tells the kind of object that an event is about, nil when it is none of
// ours, and what happened.
func (n *notification) about(name string) (*kind, string) {
	prefix, action, _ := strings.Cut(name, ".")
	if prefix != "object" {
		return kindByObject(deal.Object(prefix)), action
	}
	id := n.ObjectTypeID
	if id == "" {
		id = n.FromTypeID
	}
	return kindByTypeID(id), action
}

func (d *Driver) event(n *notification, object deal.Object, id int64) connector.Event {
	return connector.Event{
		Object: object, ID: strconv.FormatInt(id, 10), At: time.UnixMilli(n.OccurredAt).UTC(),
		Partial: true, Origin: d.origin(n), Account: strconv.FormatInt(n.PortalID, 10),
	}
}

// linkEvents: an association is a field of the record at one of its ends, which
// has to be read again if that field is wanted. Either end may have sent the
// event; the other end's record has no field that could have changed.
func (d *Driver) linkEvents(n *notification, of *kind) []connector.Event {
	from, to := of, kindByTypeID(n.ToTypeID)
	if a, b, ok := strings.Cut(strings.ToLower(n.AssociationType), "_to_"); ok {
		from, to = kindByObject(deal.Object(a)), kindByObject(deal.Object(b))
	}
	if from == nil || to == nil || n.OccurredAt <= 0 {
		return nil // with a line item or a ticket
	}
	var events []connector.Event
	if n.FromID > 0 && slices.Contains(d.wantedLinks(from), to.object) {
		events = append(events, d.event(n, from.object, n.FromID))
	}
	if n.ToID > 0 && slices.Contains(d.wantedLinks(to), from.object) {
		events = append(events, d.event(n, to.object, n.ToID))
	}
	return events
}

// mergeEvents: each record that was merged away, and the survivor, which has to be
// read again. The survivor may be one of them or a new record.
func mergeEvents(n *notification, e connector.Event) ([]connector.Event, error) {
	survivor := n.NewID
	if survivor == 0 {
		survivor = n.PrimaryID
	}
	if survivor <= 0 {
		return nil, errors.New("merge event without a survivor")
	}
	into := strconv.FormatInt(survivor, 10)
	var (
		events []connector.Event
		from   []string
	)
	for _, id := range append(n.MergedIDs, n.PrimaryID) {
		if id > 0 && id != survivor {
			gone := e
			gone.Action, gone.ID, gone.MergedInto = connector.Merged, strconv.FormatInt(id, 10), into
			events = append(events, gone)
			from = append(from, gone.ID)
		}
	}
	e.Action, e.ID, e.MergedFrom = connector.Changed, into, from
	return append(events, e), nil
}

// origin: an integration names itself by its app id. Calculated properties
// follow from any write, ours too, under a source of their own: unknown.
func (d *Driver) origin(n *notification) deal.Origin {
	switch {
	case n.ChangeSource == "INTEGRATION" && d.appID != "" && string(n.SourceID) == d.appID:
		return deal.Ours
	case n.ChangeSource == "" || n.ChangeSource == "CALCULATED":
		return deal.UnknownOrigin
	default:
		return deal.Others
	}
}
