package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// lifecycle are the events of records besides those of their properties.
var lifecycle = []string{"creation", "deletion", "restore", "merge"}

type subscription struct {
	ID        json.Number `json:"id,omitempty"`
	EventType string      `json:"eventType"`
	Property  string      `json:"propertyName,omitempty"`
	Active    bool        `json:"active"`
}

// admin calls the webhook administration of the app, which takes the developer
// key and no token. It concerns the app, not one account.
type admin struct {
	*Driver
	key string
}

func (a admin) call(ctx context.Context, op, method, tail string, body, out any) error {
	return a.do(ctx, rest.Request{
		Call: connector.Call{Op: op}, Method: method, Path: a.paths.webhooks + url.PathEscape(a.appID) + tail,
		Query: url.Values{"hapikey": {a.key}}, Anonymous: true,
	}, body, out)
}

// Subscribe implements connector.WebhookDriver: one target for the app, and for
// each object one subscription for each property that is read and can be
// written, those of records coming and going, and that of associations. What
// exists is left alone, also what others made.
func (d *Driver) Subscribe(ctx context.Context, target string, secret connector.WebhookSecret, objects []deal.Object) error {
	shapes := make([]*shape, len(objects))
	for i, object := range objects {
		s, err := d.shape(object)
		if err != nil {
			return err
		}
		shapes[i] = s
	}
	if d.appID == "" || secret.DeveloperKey == "" {
		return fault.New(fault.Invalid, "no_developer_key",
			"webhooks are set up with the app id and the developer key; set both, or set the target URL in the app's own file")
	}
	a := admin{d, secret.DeveloperKey}
	if err := a.target(ctx, target); err != nil {
		return fmt.Errorf("set the webhook target: %w", err)
	}
	var held struct {
		Results []subscription `json:"results"`
	}
	if err := a.call(ctx, "webhooks.subscriptions", http.MethodGet, "/subscriptions", nil, &held); err != nil {
		return fmt.Errorf("list webhook subscriptions: %w", err)
	}
	for _, s := range shapes {
		wanted, err := d.subscriptions(ctx, s)
		if err != nil {
			return err
		}
		for _, want := range wanted {
			if err := a.ensure(ctx, held.Results, want); err != nil {
				return fmt.Errorf("subscribe to %s %s: %w", want.EventType, want.Property, err)
			}
		}
	}
	return nil
}

// subscriptions are those that an object needs.
func (d *Driver) subscriptions(ctx context.Context, s *shape) ([]subscription, error) {
	names, err := d.subscribed(ctx, s)
	if err != nil {
		return nil, err
	}
	var all []subscription
	add := func(what, property string) {
		all = append(all, subscription{EventType: string(s.object) + "." + what, Property: property, Active: true})
	}
	for _, what := range lifecycle {
		add(what, "")
	}
	if len(s.links) > 0 {
		add("associationChange", "")
	}
	for _, name := range names {
		add("propertyChange", name)
	}
	return all, nil
}

func (a admin) target(ctx context.Context, target string) error {
	var held struct {
		Target string `json:"targetUrl"`
	}
	err := a.call(ctx, "webhooks.settings", http.MethodGet, "/settings", nil, &held)
	if err == nil && held.Target == target {
		return nil
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	throttling := map[string]any{"maxConcurrentRequests": 10}
	if a.paths.webhooks == "/webhooks/v3/" {
		throttling["period"] = "SECONDLY" // gone from the dated versions
	}
	return a.call(ctx, "webhooks.set_target", http.MethodPut, "/settings",
		map[string]any{"targetUrl": target, "throttling": throttling}, nil)
}

// ensure makes a subscription that is missing and wakes one that is paused, as
// new ones are by default.
func (a admin) ensure(ctx context.Context, held []subscription, want subscription) error {
	at := slices.IndexFunc(held, func(s subscription) bool {
		return s.EventType == want.EventType && s.Property == want.Property
	})
	if at < 0 {
		return a.call(ctx, "webhooks.subscribe", http.MethodPost, "/subscriptions", want, nil)
	}
	if held[at].Active {
		return nil
	}
	id, err := strconv.ParseInt(held[at].ID.String(), 10, 64)
	if err != nil {
		return fault.New(fault.Transient, "malformed_answer", "subscription has the id %q", held[at].ID)
	}
	return a.call(ctx, "webhooks.wake", http.MethodPatch, "/subscriptions/"+strconv.FormatInt(id, 10),
		map[string]bool{"active": true}, nil)
}

// subscribed are the properties whose changes we want to hear of: those that we
// read and that exist. Calculated ones only when a sync asks for them: they
// follow the others and would double the traffic.
func (d *Driver) subscribed(ctx context.Context, s *shape) ([]string, error) {
	if !s.learned() {
		if _, err := d.Schema(ctx, s.object); err != nil {
			return nil, err
		}
	}
	asked := d.extra(s.object)
	names := d.wanted(s)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.DeleteFunc(names, func(name string) bool {
		calculated := s.readOnly[name] && !slices.Contains(asked, name)
		return !s.known[name] || calculated || name == deal.PairKeyField || name == "createdate"
	}), nil
}
