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

// lifecycle are the subscriptions besides those of properties.
var lifecycle = []string{"deal.creation", "deal.deletion", "deal.restore", "deal.merge"}

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

// Subscribe implements connector.WebhookDriver: one target for the app, one
// subscription for each property that is read and can be written, and those of
// records coming and going. What exists is left alone, also what others made.
func (d *Driver) Subscribe(ctx context.Context, target string, secret connector.WebhookSecret, objects []deal.Object) error {
	for _, object := range objects {
		if err := supported(object); err != nil {
			return err
		}
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
	names, err := d.subscribed(ctx)
	if err != nil {
		return err
	}
	wanted := make([]subscription, 0, len(lifecycle)+len(names))
	for _, kind := range lifecycle {
		wanted = append(wanted, subscription{EventType: kind, Active: true})
	}
	for _, name := range names {
		wanted = append(wanted, subscription{EventType: "deal.propertyChange", Property: name, Active: true})
	}
	for _, want := range wanted {
		if err := a.ensure(ctx, held.Results, want); err != nil {
			return fmt.Errorf("subscribe to %s %s: %w", want.EventType, want.Property, err)
		}
	}
	return nil
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
func (d *Driver) subscribed(ctx context.Context) ([]string, error) {
	d.mu.RLock()
	learned := d.known != nil
	d.mu.RUnlock()
	if !learned {
		if _, err := d.Schema(ctx, deal.Deals); err != nil {
			return nil, err
		}
	}
	asked := d.extra(deal.Deals)
	names := d.wanted()
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.DeleteFunc(names, func(name string) bool {
		calculated := d.readOnly[name] && !slices.Contains(asked, name)
		return !d.known[name] || calculated || name == deal.PairKeyField || name == "createdate"
	}), nil
}
