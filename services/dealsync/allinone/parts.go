package allinone

import (
	"context"

	"github.com/dealsync/dealsync/libs/conf"
	"github.com/dealsync/dealsync/libs/host"
	detect "github.com/dealsync/dealsync/services/change-detector/detect"
	"github.com/dealsync/dealsync/services/config/configure"
	"github.com/dealsync/dealsync/services/conflict-resolver/resolve"
	"github.com/dealsync/dealsync/services/mapper/propose"
	"github.com/dealsync/dealsync/services/webhook-ingest/ingest"
	"github.com/dealsync/dealsync/services/writer/write"
)

// part is one service, its configuration already loaded.
type part struct {
	name string
	open func(ctx context.Context, h *host.Host) (host.Runner, error)
}

// parts lists the services, the config service first: the others ask it.
func parts() ([]part, error) {
	var list []part
	for _, load := range []func() (part, error){
		load(configure.Module), load(ingest.Module), load(detect.Module),
		load(propose.Module), load(resolve.Module), load(write.Module),
	} {
		p, err := load()
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// load reads a service's configuration from the environment, just as its own
// program would.
func load[C any](m host.Module[C]) func() (part, error) {
	return func() (part, error) {
		cfg := m.Defaults()
		if err := conf.Load("", &cfg); err != nil {
			return part{}, err
		}
		return part{m.Name, func(ctx context.Context, h *host.Host) (host.Runner, error) { return m.New(ctx, cfg, h) }}, nil
	}
}
