package connector

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
)

// schemas caches the schema of each object. A reader that finds one too old
// reads it again; others wait for that one read.
type schemas struct {
	mu   sync.Mutex
	held map[deal.Object]*heldSchema
}

type heldSchema struct {
	mu     sync.Mutex
	schema *Schema
	asked  time.Time // of the last attempt, also a failed one
	// ignored are fields that turn up in records and in no schema.
	ignored map[string]bool
}

func (s *schemas) of(object deal.Object) *heldSchema {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[deal.Object]*heldSchema{}
	}
	h := s.held[object]
	if h == nil {
		h = &heldSchema{}
		s.held[object] = h
	}
	return h
}

func (s *schemas) has(object deal.Object) bool {
	h := s.of(object)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.schema != nil
}

func (s *schemas) forget(object deal.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, object)
}

// retrySchema is how soon a failed or hurried refresh may be tried again.
const retrySchema = 15 * time.Second

// renewed reads the schema again when a field turns up that it does not know,
// and reports whether it did: what was read before may then read differently.
func (c *Connector) renewed(ctx context.Context, schema *Schema, each iter.Seq[deal.Fields]) (*Schema, bool) {
	h := c.schemas.of(schema.Object)
	for fields := range each {
		if !h.strange(schema, fields) {
			continue
		}
		fresh, err := c.schemaWithin(ctx, schema.Object, retrySchema)
		if err != nil || fresh == schema {
			return schema, false // too soon after the last time: the next poll repairs it
		}
		return fresh, true
	}
	return schema, false
}

// Schema is the object's shape, at most Options.SchemaTTL old; Schema.ReadAt
// tells its age. When the app can't be asked, an older one is better than none.
func (c *Connector) Schema(ctx context.Context, object deal.Object) (*Schema, error) {
	return c.schemaWithin(ctx, object, c.options.SchemaTTL)
}

// Refresh reads the schema now, for a person who has just changed it.
func (c *Connector) Refresh(ctx context.Context, object deal.Object) (*Schema, error) {
	c.schemas.forget(object)
	return c.Schema(ctx, object)
}

func (c *Connector) schemaWithin(ctx context.Context, object deal.Object, age time.Duration) (*Schema, error) {
	h := c.schemas.of(object)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.schema != nil && (now.Sub(h.schema.ReadAt) < age || now.Sub(h.asked) < retrySchema) {
		return h.schema, nil
	}
	h.asked = now
	var fresh *Schema
	err := c.repeat(ctx, "schema", func() (err error) {
		fresh, err = c.driver.Schema(ctx, object)
		return err
	})
	c.add(ctx, c.meters.schemas, 1)
	if err != nil {
		if h.schema != nil {
			return h.schema, nil //nolint:nilerr // an older schema still names and types nearly every field
		}
		return nil, fmt.Errorf("read the schema of %s of %s: %w", object.Plural(), c.options.Name, err)
	}
	fresh.ReadAt = now
	h.schema = fresh
	return fresh, nil
}
