package configure

import (
	"context"
	"slices"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/services/config/internal/resolve"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// GetSchema gives what an app account has: what is remembered, with its age, or
// what the app says now.
func (s *Service) GetSchema(ctx context.Context, req *configv1.GetSchemaRequest) (*configv1.GetSchemaResponse, error) {
	c, err := s.connect(req.GetWorkspace(), req.GetConnection())
	if err != nil {
		return nil, rpcError(err)
	}
	object, err := s.shared(c.app, req.GetObject())
	if err != nil {
		return nil, rpcError(err)
	}
	read := c.Schema
	if req.GetRefresh() {
		read = c.Refresh
	}
	schema, err := readSchema(ctx, read, object)
	if err != nil {
		return nil, rpcError(err)
	}
	resp := protoSchema(schema)
	if object == deal.Deals {
		if code, message := resolve.StagesMissing(&c.manifest, schema); code != "" {
			resp.StagesMissing = &configv1.Cause{Code: code, Message: message}
		}
	}
	return resp, nil
}

// shared is an object that the app shares, or what it does share instead (R2).
func (s *Service) shared(app, object string) (deal.Object, error) {
	if entry := s.apps[app]; !entry.Shares(object) {
		return "", fault.New(fault.Invalid, "object_not_shared", "%s does not share %q; it shares: %s", entry.Title, object, list(entry.Objects))
	}
	return deal.Object(object), nil
}

func protoSchema(schema *connector.Schema) *configv1.GetSchemaResponse {
	resp := &configv1.GetSchemaResponse{Currencies: currenciesOf(schema), TimeZone: schema.Zone, ReadMs: schema.ReadAt.UnixMilli()}
	for i := range schema.Pipelines {
		resp.Pipelines = append(resp.Pipelines, protoPipeline(&schema.Pipelines[i]))
	}
	for i := range schema.Fields {
		resp.Fields = append(resp.Fields, protoField(&schema.Fields[i]))
	}
	for _, o := range schema.Owners {
		resp.Owners = append(resp.Owners, &configv1.SchemaOwner{Id: o.ID, Name: o.Name, Email: o.Email, Active: o.Active})
	}
	return resp
}

func protoPipeline(p *connector.Pipeline) *configv1.SchemaPipeline {
	pipeline := &configv1.SchemaPipeline{Id: p.ID, Label: p.Label}
	for i, st := range p.Stages {
		stage := &configv1.SchemaStage{
			Id: st.ID, Label: st.Label, Closed: st.Closed, Won: st.Won,
			Order: int32(i), Short: resolve.ShortStage(p.ID, st.ID), //nolint:gosec // no pipeline has 2^31 stages
		}
		if st.Probability >= 0 {
			stage.Probability = &p.Stages[i].Probability
		}
		pipeline.Stages = append(pipeline.Stages, stage)
	}
	return pipeline
}

func protoField(f *connector.Field) *configv1.SchemaField {
	field := &configv1.SchemaField{
		Name: f.Name, Label: f.Label, Type: string(f.Type), ReadOnly: f.ReadOnly, Required: f.Required, Unique: f.Unique, Currency: f.Currency,
	}
	for _, o := range f.Options {
		field.Options = append(field.Options, &configv1.SchemaOption{Id: o.ID, Label: o.Label})
	}
	return field
}

// currenciesOf are the account's currencies, its own first.
func currenciesOf(schema *connector.Schema) []string {
	if schema.Currency == "" {
		return schema.Currencies
	}
	all := []string{schema.Currency}
	for _, c := range schema.Currencies {
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}
