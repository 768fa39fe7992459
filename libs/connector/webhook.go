package connector

import (
	"context"
	"errors"
	"fmt"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// ErrNoWebhooks says that an app does not push changes.
var ErrNoWebhooks = fault.Wrap(fault.Invalid, "no_webhooks", errors.New("the app does not push changes"))

func (c *Connector) webhooks() (WebhookDriver, error) {
	if d, ok := c.driver.(WebhookDriver); ok && c.manifest.Webhooks {
		return d, nil
	}
	return nil, ErrNoWebhooks
}

// VerifyWebhook proves a delivery's sender (see WebhookDriver). It makes no
// call.
func (c *Connector) VerifyWebhook(req WebhookRequest, secret WebhookSecret) (replayKey string, err error) {
	d, err := c.webhooks()
	if err != nil {
		return "", err
	}
	return d.VerifyWebhook(req, secret)
}

// ParseWebhook reads a verified body into canonical events. Events that could be
// read come beside an error for those that could not (fault.Invalid). It may
// read the schemas of the objects that the events are about; an error of that
// kind comes without events. Events of an object that no sync uses come without
// values, as its schema is never read for them.
func (c *Connector) ParseWebhook(ctx context.Context, body []byte) ([]Event, error) {
	d, err := c.webhooks()
	if err != nil {
		return nil, err
	}
	events, bad := d.ParseWebhook(body)
	schemas := map[deal.Object]*Schema{}
	learned, err := c.schemasOf(ctx, events, schemas)
	if err != nil {
		return nil, err
	}
	if learned {
		// The driver may need what it learns from a schema to name fields.
		events, bad = d.ParseWebhook(body)
	}
	for i := range events {
		schema := schemas[events[i].Object]
		if schema == nil {
			continue
		}
		fresh, ok := c.renewed(ctx, schema, func(yield func(deal.Fields) bool) { yield(events[i].Fields) })
		if !ok {
			continue
		}
		schemas[fresh.Object] = fresh
		events, bad = d.ParseWebhook(body)
		for k := range events {
			if events[k].Object == fresh.Object {
				c.schemas.of(fresh.Object).ignore(fresh, events[k].Fields)
			}
		}
		break
	}
	for i := range events {
		if schema := schemas[events[i].Object]; schema != nil {
			c.canonical(ctx, schema, events[i].Fields)
		} else {
			events[i].Fields, events[i].Touched, events[i].Partial = nil, nil, true
		}
	}
	return events, bad
}

// schemasOf gets the schemas of the objects that events are about and that some
// sync uses, and reports whether one of them had not been known before.
func (c *Connector) schemasOf(ctx context.Context, events []Event, schemas map[deal.Object]*Schema) (learned bool, err error) {
	for i := range events {
		object := events[i].Object
		if schemas[object] != nil || !c.manifest.Shares(object) || c.wants != nil && len(c.wants(object)) == 0 {
			continue
		}
		learned = learned || !c.schemas.has(object)
		if schemas[object], err = c.Schema(ctx, object); err != nil {
			return false, err
		}
	}
	return learned, nil
}

// Subscribe makes sure that url receives the events of the objects.
func (c *Connector) Subscribe(ctx context.Context, url string, secret WebhookSecret, objects []deal.Object) error {
	d, err := c.webhooks()
	if err != nil {
		return err
	}
	err = c.repeat(ctx, "subscribe", func() error { return d.Subscribe(ctx, url, secret, objects) })
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", c.options.Name, err)
	}
	return nil
}
