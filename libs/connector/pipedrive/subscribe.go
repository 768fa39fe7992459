package pipedrive

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/connector/rest"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// hook is a webhook as the v1 API shows and takes it.
type hook struct {
	ID       scalar `json:"id,omitempty"`
	URL      string `json:"subscription_url"`
	Action   string `json:"event_action"`
	Object   string `json:"event_object"`
	Name     string `json:"name"`
	Version  string `json:"version"`
	User     string `json:"http_auth_user"`
	Password string `json:"http_auth_password,omitempty"`
	Active   scalar `json:"is_active,omitempty"`
}

// Subscribe implements connector.WebhookDriver: one webhook for each object, for
// all that happens to it. One with our address that is old, asleep, has other
// credentials or is for an object that is no longer synced is removed; the API
// cannot change one.
func (d *Driver) Subscribe(ctx context.Context, url string, secret connector.WebhookSecret, objects []deal.Object) error {
	if secret.User == "" || secret.Secret == "" {
		return fault.New(fault.Invalid, "no_secret", "webhooks need a user and a password, which deliveries are known by")
	}
	wanted := make(map[string]hook, len(objects))
	for _, object := range objects {
		e, err := d.entity(object)
		if err != nil {
			return err
		}
		wanted[e.name] = hook{
			URL: url, Action: "*", Object: e.name, Name: "dealsync", Version: "2.0",
			User: secret.User, Password: secret.Secret,
		}
	}
	held, err := call[[]hook](ctx, d, get("webhooks.list", costList, pathWebhooks, nil), nil)
	if err != nil {
		return fmt.Errorf("list webhooks: %w", err)
	}
	for _, h := range held.Data {
		if h.URL != url {
			continue
		}
		if want, ok := wanted[h.Object]; ok && h.serves(want) {
			delete(wanted, h.Object)
			continue
		}
		if err := d.unhook(ctx, h.ID); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		_, err = call[hook](ctx, d, rest.Request{
			Call: connector.Call{Op: "webhooks.create", Cost: costList}, Method: http.MethodPost, Path: pathWebhooks,
		}, wanted[name])
		if err != nil {
			return fmt.Errorf("create webhook for %ss: %w", name, err)
		}
	}
	return nil
}

func (d *Driver) unhook(ctx context.Context, id scalar) error {
	_, err := call[any](ctx, d, rest.Request{
		Call: connector.Call{Op: "webhooks.delete", Cost: costUnhook}, Method: http.MethodDelete, Path: pathWebhooks + "/" + string(id),
	}, nil)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("remove a former webhook: %w", err)
	}
	return nil
}

// serves says whether a webhook does what want asks for. The password is
// compared only where the API shows it.
func (h *hook) serves(want hook) bool {
	return h.Action == want.Action && h.Version == want.Version && h.User == want.User &&
		(h.Password == "" || h.Password == want.Password) && h.Active != "false" && h.Active != "0"
}
