package hubspot

import (
	"encoding/json"
	"errors"
	"fmt"
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

// dealTypeID is the object type of deals in generic events.
const dealTypeID = "0-3"

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
	id      string
	ms      int64
	origin  deal.Origin
	account string
}

// gather adds e to events, into the one of the same record, author and time
// where there is one that does not say something else of the same property.
func gather(events []connector.Event, merged map[mergeKey]int, e connector.Event) []connector.Event {
	key := mergeKey{e.ID, e.At.UnixMilli(), e.Origin, e.Account}
	at, seen := merged[key]
	if e.Action != connector.Changed || len(e.Fields) == 0 {
		return append(events, e)
	}
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
	kind := n.SubscriptionType
	if kind == "" {
		kind = n.EventType
	}
	prefix, action, _ := strings.Cut(kind, ".")
	if prefix != "deal" && (prefix != "object" || n.ObjectTypeID != dealTypeID) {
		return nil, fmt.Errorf("unknown event %q", kind)
	}
	if action == "associationChange" {
		return nil, nil
	}
	if n.ObjectID <= 0 && action != "merge" || n.OccurredAt <= 0 {
		return nil, fmt.Errorf("event %q without object or time", kind)
	}
	e := connector.Event{
		Object: deal.Deals, ID: strconv.FormatInt(n.ObjectID, 10), At: time.UnixMilli(n.OccurredAt).UTC(),
		Partial: true, Origin: d.origin(n), Account: strconv.FormatInt(n.PortalID, 10),
	}
	switch action {
	case "propertyChange":
		if n.PropertyName == "" {
			return nil, fmt.Errorf("event %q without a property name", kind)
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
		return nil, fmt.Errorf("unknown event %q", kind)
	}
	return []connector.Event{e}, nil
}

// mergeEvents: each deal that was merged away, and the survivor, which has to be
// read again. The survivor may be one of them or a new deal.
func mergeEvents(n *notification, e connector.Event) ([]connector.Event, error) {
	survivor := n.NewID
	if survivor == 0 {
		survivor = n.PrimaryID
	}
	if survivor <= 0 {
		return nil, errors.New("merge event without a survivor")
	}
	into := strconv.FormatInt(survivor, 10)
	var events []connector.Event
	for _, id := range append(n.MergedIDs, n.PrimaryID) {
		if id > 0 && id != survivor {
			gone := e
			gone.Action, gone.ID, gone.MergedInto = connector.Merged, strconv.FormatInt(id, 10), into
			events = append(events, gone)
		}
	}
	e.Action, e.ID = connector.Changed, into
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
