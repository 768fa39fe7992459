package configure

import (
	"context"

	"github.com/dealsync/dealsync/libs/settings"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/event"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/services/config/internal/resolve"
	"github.com/dealsync/dealsync/services/config/internal/suggest"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// SuggestStages proposes which stages of two pipelines belong together (R8). The
// pipelines that are not named are the main ones, unless others fit far better.
func (s *Service) SuggestStages(ctx context.Context, req *configv1.SuggestStagesRequest) (*configv1.SuggestStagesResponse, error) {
	h, a, err := s.bothSchemas(ctx, req, deal.Deals)
	if err != nil {
		return nil, rpcError(err)
	}
	hubspot, err := pipelinesNamed(h, req.GetHubspotPipeline())
	if err != nil {
		return nil, rpcError(err)
	}
	app, err := pipelinesNamed(a, req.GetAppPipeline())
	if err != nil {
		return nil, rpcError(err)
	}
	var best suggest.Result
	var from, to *connector.Pipeline
	for i := range hubspot {
		for j := range app {
			// The accounts list their main pipeline first: another one must fit far better.
			if r := suggest.Stages(stageItems(&hubspot[i]), stageItems(&app[j])); from == nil || r.Sum() > 2*best.Sum() {
				best, from, to = r, &hubspot[i], &app[j]
			}
		}
	}
	resp := &configv1.SuggestStagesResponse{HubspotPipeline: from.ID, HubspotLabel: from.Label, AppPipeline: to.ID, AppLabel: to.Label}
	resp.Suggestions, resp.Leftovers = protoSuggestions(best, stageItems(from), stageItems(to))
	return resp, nil
}

// pipelinesNamed is the pipeline of an id, or all when it is empty.
func pipelinesNamed(of *viewed, id string) ([]connector.Pipeline, error) {
	if code, message := resolve.StagesMissing(&of.manifest, of.schema); code != "" {
		return nil, fault.New(fault.Rejected, code, "%s", message)
	}
	if id == "" {
		return of.schema.Pipelines, nil
	}
	p, err := pipelineOf(&of.connected, of.schema, id)
	if err != nil {
		return nil, err
	}
	return []connector.Pipeline{*p}, nil
}

func stageItems(p *connector.Pipeline) []suggest.Item {
	items := make([]suggest.Item, len(p.Stages))
	for i, st := range p.Stages {
		items[i] = suggest.Item{ID: st.ID, Label: st.Label}
		switch {
		case st.Won:
			items[i].Outcome = suggest.Won
		case st.Closed:
			items[i].Outcome = suggest.Lost
		}
	}
	return items
}

// SuggestFields proposes which fields of an object belong together, and in which
// directions their values may travel (R12).
func (s *Service) SuggestFields(ctx context.Context, req *configv1.SuggestFieldsRequest) (*configv1.SuggestFieldsResponse, error) {
	h, a, err := s.bothSchemas(ctx, req, deal.Object(req.GetObject()))
	if err != nil {
		return nil, rpcError(err)
	}
	hubspot, app := mappable(h.schema), mappable(a.schema)
	ways := func(x, y *suggest.Field) deal.Ways { return resolve.Ways(h.schema.Field(x.ID), a.schema.Field(y.ID)) }
	r := suggest.Fields(hubspot, app, ways)
	resp := &configv1.SuggestFieldsResponse{}
	resp.Suggestions, resp.Leftovers = protoSuggestions(r, itemsOf(hubspot), itemsOf(app))
	for i, p := range r.Pairs {
		resp.Suggestions[i].Direction = settings.DirectionOf(ways(&hubspot[p.HubSpot], &app[p.App]))
	}
	return resp, nil
}

// mappable are the fields that a field line may name: stages travel by the
// pipeline mapping, associations by themselves, a currency with its amount.
func mappable(schema *connector.Schema) []suggest.Field {
	currencies := map[string]bool{}
	for i := range schema.Fields {
		currencies[schema.Fields[i].Currency] = true
	}
	var fields []suggest.Field
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if f.Type == deal.Stage || f.Type == deal.Reference || currencies[f.Name] || f.Name == "pipeline" {
			continue
		}
		fields = append(fields, suggest.Field{Item: suggest.Item{ID: f.Name, Label: f.Label}, Type: f.Type})
	}
	return fields
}

func itemsOf(fields []suggest.Field) []suggest.Item {
	items := make([]suggest.Item, len(fields))
	for i := range fields {
		items[i] = fields[i].Item
	}
	return items
}

// SuggestOptions proposes which options of two picklists belong together (R12).
func (s *Service) SuggestOptions(ctx context.Context, req *configv1.SuggestOptionsRequest) (*configv1.SuggestOptionsResponse, error) {
	h, a, err := s.bothSchemas(ctx, req, deal.Object(req.GetObject()))
	if err != nil {
		return nil, rpcError(err)
	}
	hubspot, err := optionsOf(h, req.GetHubspotField())
	if err != nil {
		return nil, rpcError(err)
	}
	app, err := optionsOf(a, req.GetAppField())
	if err != nil {
		return nil, rpcError(err)
	}
	resp := &configv1.SuggestOptionsResponse{}
	resp.Suggestions, resp.Leftovers = protoSuggestions(suggest.Options(hubspot, app), hubspot, app)
	return resp, nil
}

func optionsOf(of *viewed, name string) ([]suggest.Item, error) {
	f := of.schema.Field(name)
	switch {
	case f == nil:
		return nil, fault.New(fault.NotFound, "unknown_field", "%s has no %s field %q", of.manifest.Title, of.schema.Object, name)
	case f.Type != deal.Picklist:
		return nil, fault.New(fault.Invalid, "not_a_picklist", "%s of %s is %s, not a picklist", name, of.manifest.Title, f.Type)
	}
	items := make([]suggest.Item, len(f.Options))
	for i, o := range f.Options {
		items[i] = suggest.Item{ID: o.ID, Label: o.Label}
	}
	return items, nil
}

// viewed is a connected account with an object's schema.
type viewed struct {
	connected
	schema *connector.Schema
}

// bothSchemas reads an object's schema on both sides, or what is remembered.
func (s *Service) bothSchemas(ctx context.Context, req interface {
	GetWorkspace() string
	GetConnection() string
	GetHubspotConnection() string
}, object deal.Object,
) (h, a *viewed, err error) {
	hubspot, app, err := s.bothSides(req.GetWorkspace(), req.GetHubspotConnection(), req.GetConnection())
	if err != nil {
		return nil, nil, err
	}
	h, a = &viewed{connected: hubspot}, &viewed{connected: app}
	for _, of := range []*viewed{h, a} {
		if _, err := s.shared(of.app, string(object)); err != nil {
			return nil, nil, err
		}
		if of.schema, err = readSchema(ctx, of.Schema, object); err != nil {
			return nil, nil, err
		}
	}
	return h, a, nil
}

func protoSuggestions(r suggest.Result, hubspot, app []suggest.Item) (pairs []*configv1.Suggestion, left []*configv1.Leftover) {
	for _, p := range r.Pairs {
		h, a := hubspot[p.HubSpot], app[p.App]
		pairs = append(pairs, &configv1.Suggestion{
			Hubspot: h.ID, HubspotLabel: h.Label, App: a.ID, AppLabel: a.Label, Score: p.Score, Reason: p.Reason,
		})
	}
	for _, of := range []struct {
		side  deal.Side
		items []suggest.Item
		left  []int
	}{{deal.HubSpot, hubspot, r.HubSpot}, {deal.App, app, r.App}} {
		for _, i := range of.left {
			left = append(left, &configv1.Leftover{Side: event.ProtoSide(of.side), Id: of.items[i].ID, Label: of.items[i].Label})
		}
	}
	return pairs, left
}
