package connectortest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

func (s *suite) declared(t *testing.T) {
	m := &s.manifest
	_, makes := s.c.Driver().(connector.PipelineMaker)
	_, searches := s.c.Driver().(connector.Searcher)
	got := Features{
		UniqueKey: m.UniqueKey, EditTimes: m.EditTimes, Webhooks: m.Webhooks, Pipelines: makes, Search: searches,
		MergedFrom: s.f.MergedFrom, Owners: s.f.Owners, // seen in what it reads
	}
	if diff := cmp.Diff(s.f, got); diff != "" {
		t.Errorf("features (-want +declared):\n%s", diff)
	}
	if _, pushes := s.c.Driver().(connector.WebhookDriver); pushes != m.Webhooks {
		t.Errorf("declares webhooks %t, implements them %t", m.Webhooks, pushes)
	}
	if m.App == "" || m.Title == "" || m.About == "" || m.ReadBatch < 1 || m.WriteBatch < 1 || m.Parallel < 1 ||
		m.PollEvery <= 0 || m.Budget.Calls < 1 || m.Budget.Per <= 0 || len(m.SignIn) == 0 {
		t.Errorf("incomplete manifest %+v", m)
	}
	if slices.Contains(m.SignIn, "oauth2") == (len(m.Scopes) == 0) {
		t.Errorf("signs in by %v with the scopes %v", m.SignIn, m.Scopes)
	}
	for _, scope := range m.Scopes {
		if scope.Name == "" || scope.Reason == "" {
			t.Errorf("scope %+v has no name or no reason", scope)
		}
	}
	for _, o := range m.Shared {
		if o.Title == "" || o.Ways == deal.NoWay {
			t.Errorf("incomplete object %+v", o)
		}
	}
	for _, a := range m.Associations {
		if !m.Shares(a.From) || !m.Shares(a.To) || a.Field == "" || a.Title == "" {
			t.Errorf("incomplete association %+v, or one of objects that are not shared", a)
		}
	}
}

func (s *suite) unshared(t *testing.T) {
	const object = deal.Object("ticket")
	refused := func(what string, err error) {
		t.Helper()
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: kind %s, %v", what, fault.KindOf(err), err)
		}
	}
	driver, ctx := s.c.Driver(), t.Context()
	_, err := driver.Schema(ctx, object)
	refused("schema", err)
	_, err = driver.Read(ctx, object, []string{"1"})
	refused("read", err)
	_, err = driver.Scan(ctx, connector.ScanRequest{Object: object})
	refused("scan", err)
	_, err = driver.FindCreated(ctx, object, []string{"k"}, time.Time{})
	refused("find created", err)
	refused("provision", driver.Provision(ctx, object))
	results, err := driver.Write(ctx, object, []connector.Write{{ID: "1", Fields: deal.Fields{"a": "b"}}})
	if err == nil && len(results) == 1 {
		err = results[0].Err
	}
	refused("write", err)
}

// schema has every field that the manifest names.
func (s *suite) schema(t *testing.T) {
	schema, err := s.c.Schema(t.Context(), s.object)
	if err != nil {
		t.Fatal(err)
	}
	shared := s.manifest.Object(s.object)
	for _, f := range shared.Fields {
		if schema.Field(f.App) == nil {
			t.Errorf("the default mapping of %s names the field %q, which is not in the schema", f.HubSpot, f.App)
		}
	}
	for _, m := range shared.Match {
		if schema.Field(m.Field) == nil {
			t.Errorf("the rule %s compares the field %q, which is not in the schema", m.Rule, m.Field)
		}
	}
	for _, a := range s.manifest.Associations {
		if a.From != s.object {
			continue
		}
		if f := schema.Field(a.Field); f == nil || f.Type != deal.Reference {
			t.Errorf("the association with %s is the field %q: %+v", a.To, a.Field, f)
		}
	}
	if schema.ReadAt.IsZero() || schema.Object != s.object {
		t.Errorf("schema of %q, read at %s", schema.Object, schema.ReadAt)
	}
	if _, err := time.LoadLocation(schema.Zone); err != nil {
		t.Errorf("time zone: %v", err)
	}
}

func (s *suite) types(t *testing.T) {
	schema, err := s.c.Schema(t.Context(), s.object)
	if err != nil {
		t.Fatal(err)
	}
	for name, kinds := range map[string][]deal.Type{
		s.sample.Text: {deal.Text}, s.sample.Other: {deal.Text}, s.sample.Number: {deal.Number}, s.sample.Date: {deal.Date, deal.Datetime},
	} {
		if name == "" {
			continue
		}
		if f := schema.Field(name); f == nil || f.ReadOnly || !slices.Contains(kinds, f.Type) || f.Label == "" {
			t.Errorf("field %q: %+v, want a writable %v with a label", name, f, kinds)
		}
	}
	seen := map[string]bool{}
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if f.Name == "" || seen[f.Name] {
			t.Errorf("field %q is nameless or there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Currency != "" && schema.Field(f.Currency) == nil {
			t.Errorf("the currency field %q of %q is not in the schema", f.Currency, f.Name)
		}
	}
}

func (s *suite) pipelines(t *testing.T) {
	schema, err := s.c.Schema(t.Context(), s.object)
	if err != nil {
		t.Fatal(err)
	}
	if staged := s.object == deal.Deals && s.manifest.Stages; staged != (len(schema.Pipelines) > 0) || staged != (schema.StageField() != "") {
		t.Errorf("%d pipelines and the stage field %q; want any: %t", len(schema.Pipelines), schema.StageField(), staged)
	}
	seen := map[string]bool{}
	for _, p := range schema.Pipelines {
		won, lost := false, false
		for _, st := range p.Stages {
			won, lost = won || st.Won && st.Closed, lost || st.Closed && !st.Won
			if seen[st.ID] || st.ID == "" || st.Label == "" || st.Probability > 1 {
				t.Errorf("stage %+v of pipeline %s is nameless, not unique or too certain", st, p.ID)
			}
			seen[st.ID] = true
		}
		if !won || !lost {
			t.Errorf("pipeline %s has no won or no lost stage", p.ID)
		}
	}
	if s.object != deal.Deals {
		return
	}
	if schema.Currency == "" || len(schema.Currencies) > 0 && !slices.Contains(schema.Currencies, schema.Currency) {
		t.Errorf("currency %q of %v", schema.Currency, schema.Currencies)
	}
	if amount := schema.Field(s.sample.Number); amount == nil || schema.Field(amount.Currency) == nil {
		t.Errorf("the amount's currency field is not in the schema: %+v", amount)
	}
}

func (s *suite) owners(t *testing.T) {
	schema, err := s.c.Schema(t.Context(), s.object)
	if err != nil {
		t.Fatal(err)
	}
	active, seen := 0, map[string]bool{}
	for _, o := range schema.Owners {
		if o.ID == "" || o.Name == "" || o.Email == "" || seen[o.ID] {
			t.Errorf("incomplete owner %+v, or one that is there twice", o)
		}
		seen[o.ID] = true
		if o.Active {
			active++
		}
	}
	if (active > 0) != s.f.Owners {
		t.Errorf("%d active owners; the app declares them: %t", active, s.f.Owners)
	}
}
