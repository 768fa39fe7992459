package pipedrive

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// VerifyWebhook implements connector.WebhookDriver. Pipedrive signs nothing:
// deliveries carry the Basic user and password that we chose. Nothing tells a
// replay from a retry, so there is no replay key; deliveries are idempotent.
func (d *Driver) VerifyWebhook(req connector.WebhookRequest, secret connector.WebhookSecret) (string, error) {
	if secret.User == "" || secret.Secret == "" {
		return "", fault.New(fault.Auth, "no_secret", "the connection has no webhook user and password")
	}
	r := http.Request{Header: req.Header}
	user, password, ok := r.BasicAuth()
	if !ok {
		return "", fault.New(fault.Auth, "credentials_missing", "the delivery has no Basic credentials")
	}
	// Hashed first, so that not even the length can be measured.
	if same(user, secret.User)&same(password, secret.Secret) != 1 {
		return "", fault.New(fault.Auth, "credentials_wrong", "the delivery's user or password is wrong")
	}
	return "", nil
}

func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// delivery is a webhook v2 body (guide-for-webhooks-v2).
type delivery struct {
	Meta struct {
		Action       string `json:"action"`
		Entity       string `json:"entity"`
		EntityID     scalar `json:"entity_id"`
		Company      scalar `json:"company_id"`
		User         scalar `json:"user_id"`
		ChangeSource string `json:"change_source"`
		Timestamp    scalar `json:"timestamp"`
		Version      scalar `json:"version"`
		MergedTo     scalar `json:"merged_to_id"`
		MergedFrom   scalar `json:"merged_from_id"`
	} `json:"meta"`
	Data     apiRecord `json:"data"`
	Previous apiRecord `json:"previous"`
}

// ParseWebhook implements connector.WebhookDriver: one delivery is one event.
func (d *Driver) ParseWebhook(body []byte) ([]connector.Event, error) {
	var in delivery
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, malformed("decode delivery: %w", err)
	}
	m := &in.Meta
	of := d.named(m.Entity)
	if of == nil {
		return nil, fault.New(fault.Invalid, "unknown_event", "unknown event %q of entity %q", m.Action, m.Entity)
	}
	at, err := eventTime(string(m.Timestamp))
	if err != nil {
		return nil, malformed("event time: %w", err)
	}
	if !numeric(string(m.EntityID)) {
		return nil, malformed("event of %s %q", of.name, m.EntityID)
	}
	e := connector.Event{
		Object: of.object, ID: string(m.EntityID), At: at,
		Origin: d.origin(m.ChangeSource, string(m.User)), Account: string(m.Company),
	}
	switch m.Action {
	case "create":
		e.Action = connector.Created
		of.fill(&e, &in)
	case "change":
		e.Action = connector.Changed
		if m.MergedFrom != "" {
			// What the merge took over is not told: the survivor has to be read.
			e.Partial, e.MergedFrom = true, []string{string(m.MergedFrom)}
			return []connector.Event{e}, nil
		}
		of.fill(&e, &in)
	case "delete":
		e.Action, e.Partial = connector.Deleted, true
		if m.MergedTo != "" {
			e.Action, e.MergedInto = connector.Merged, string(m.MergedTo)
		}
	default:
		return nil, fault.New(fault.Invalid, "unknown_event", "unknown event %q of a %s", m.Action, of.name)
	}
	return []connector.Event{e}, nil
}

// fill adds the values. A new record's values are all there are; of a changed one
// it is not documented whether blank custom fields are listed, so its event is
// partial and the cleared ones are known from "previous".
func (of *entity) fill(e *connector.Event, in *delivery) {
	s := of.shape.Load()
	if s == nil || s.pairCode == "" {
		// Another replica may have made the pair key's field since: values that hide
		// the key would make a second counterpart (N2). The record has to be read.
		e.Partial = true
		return
	}
	e.Partial = e.Action != connector.Created || in.Data == nil
	if in.Data != nil {
		e.Fields = in.Data.fields(s, !e.Partial)
	}
	if e.Action == connector.Created {
		return
	}
	custom := in.Data.custom()
	for code := range in.Previous.custom() {
		if _, ok := custom[code]; !ok && e.Fields != nil {
			s.decode(e.Fields, code, nil)
		}
	}
	e.Touched = s.touched(in.Data, in.Previous)
}

// touched are the fields that a change names, in the order of their names. The
// time of the change is always one of them: an edit of what is not presented,
// or a restore, must not look like an edit of everything.
func (s *shape) touched(now, previous apiRecord) []string {
	names := append(s.changed(now, previous), "update_time")
	for code := range previous.custom() {
		name := s.present(code)
		names = append(names, name)
		if s.custom[code] == "monetary" {
			names = append(names, name+currencySuffix)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// origin: the source says only that some API client wrote; with our own user it
// was we.
func (d *Driver) origin(source, user string) deal.Origin {
	switch {
	case source == "app":
		return deal.Others
	case source == "api" && d.userID != "" && user == d.userID:
		return deal.Ours
	case source == "api" && d.userID != "" && user != "":
		return deal.Others
	default:
		return deal.UnknownOrigin
	}
}

// eventTime reads ISO times, as all examples have, and the Unix seconds or
// milliseconds that the guide's table still names.
func eventTime(text string) (time.Time, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		if len(text) > 10 {
			return time.UnixMilli(n).UTC(), nil
		}
		return time.Unix(n, 0).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at.UTC(), err
}

func malformed(format string, args ...any) error {
	return fault.Wrap(fault.Invalid, "malformed_webhook", fmt.Errorf(format, args...))
}
