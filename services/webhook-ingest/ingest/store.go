package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/dealsync/dealsync/libs/bus"
	"github.com/dealsync/dealsync/libs/event"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// anyObject stands in the subject of a notice whose body nobody has read yet.
const anyObject = "any"

// store keeps a verified delivery as it is. What cannot be read is parked with
// its reason by the change-detector: the sender would not send it again.
func (s *Service) store(ctx context.Context, c *configv1.Connection, body []byte, contentType string) error {
	received := s.deps.Now()
	sum := sha256.Sum256(body)
	// The time is part of the id: equal bodies may be two edits, and two notices
	// of one edit only cost time.
	id := c.GetWorkspace() + ":" + c.GetName() + ":" + hex.EncodeToString(sum[:12]) + ":" + strconv.FormatInt(received.UnixMilli(), 10)
	m, err := event.Notice(&eventv1.Notice{
		Workspace: c.GetWorkspace(), Connection: c.GetName(), ReceivedMs: received.UnixMilli(),
		Kind: &eventv1.Notice_Webhook{Webhook: &eventv1.Webhook{Body: body, ContentType: contentType}},
	}, anyObject, bus.Live, hex.EncodeToString(sum[:8]), id)
	if err != nil {
		return err
	}
	return s.deps.Bus.Publish(ctx, m)
}
