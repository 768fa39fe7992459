package configure

import (
	"context"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Seen is what an outlook shows, for tests.
type Seen struct {
	Versions map[string]string
	Applied  []*configv1.Applied
	Syncs    []*configv1.Sync
	Problems int
	Open     func(sync *configv1.Sync, side deal.Side) (*connector.Connector, error)
}

// Outlook is the outlook of documents.
func (s *Service) Outlook(ctx context.Context, documents []*configv1.Document) (Seen, error) {
	v, problems, err := s.outlook(ctx, documents)
	if err != nil || len(problems) > 0 {
		return Seen{Problems: len(problems)}, err
	}
	return Seen{v.versions, v.applied, v.syncs, 0, v.open}, nil
}
