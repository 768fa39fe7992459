package demo

import (
	"context"
	"errors"
	"fmt"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// The demo's workspace and connections, as its documents name them, and the two
// pipelines that are mapped.
const (
	workspace       = "acme"
	appConnection   = "pipedrive-main"
	hubspotPipeline = "default"
	appPipeline     = "1"
)

// connect signs in to both accounts and asks which stages belong together. Only
// then is it known what the syncs' documents say (R5, R8).
func (d *demo) connect(ctx context.Context) error {
	d.out.heading("Connected, and which stages belong together")
	if err := d.fresh(ctx); err != nil {
		return err
	}
	docs, err := readDocuments(documents, d.place.HubSpot, d.place.Pipedrive)
	if err != nil {
		return err
	}
	connections, syncs := parts(docs)
	if err := d.applied(d.admin.Apply(ctx, &configv1.ApplyRequest{Documents: connections})); err != nil {
		return err
	}
	d.out.gap()
	s, err := d.admin.SuggestStages(ctx, stagesAsked())
	switch {
	case err != nil:
		return fmt.Errorf("ask which stages belong together: %w", err)
	case len(s.GetSuggestions()) == 0:
		return errors.New("no stages were suggested: there is nothing to sync deals by")
	}
	d.tellSuggestions(s)
	d.syncs = withStages(syncs, s)
	d.rules, err = parseRules(d.syncs)
	return err
}

// stagesAsked asks for the mapping that the documents leave open.
func stagesAsked() *configv1.SuggestStagesRequest {
	return &configv1.SuggestStagesRequest{
		Workspace: workspace, Connection: appConnection, HubspotPipeline: hubspotPipeline, AppPipeline: appPipeline,
	}
}

func (d *demo) tellSuggestions(s *configv1.SuggestStagesResponse) {
	rows := [][]string{{"HubSpot: " + s.GetHubspotLabel(), "Pipedrive: " + s.GetAppLabel(), "score", "why"}}
	for _, x := range s.GetSuggestions() {
		rows = append(rows, []string{x.GetHubspotLabel(), x.GetAppLabel(), fmt.Sprintf("%.2f", x.GetScore()), x.GetReason()})
	}
	for _, l := range s.GetLeftovers() {
		if l.GetSide() == eventv1.Side_SIDE_HUBSPOT {
			rows = append(rows, []string{l.GetLabel(), "-", "", "left over"})
		} else {
			rows = append(rows, []string{"-", l.GetLabel(), "", "left over"})
		}
	}
	d.out.table(rows)
	d.out.note("A person looks at this and takes it as it is: it becomes the mapping in the deals' sync document.")
	d.out.note("Deals in stages that are left over, or in other pipelines, will not sync.")
}

// applied tells what an apply has stored.
func (d *demo) applied(resp *configv1.ApplyResponse, err error) error {
	if err != nil {
		return fmt.Errorf("apply the demo's documents: %w", err)
	}
	if err := d.refused(resp.GetProblems()); err != nil {
		return err
	}
	for _, a := range resp.GetApplied() {
		d.out.line("%-10s %-10s %s", a.GetAction(), a.GetKind(), a.GetName())
	}
	return nil
}

// refused tells what is wrong with documents, if anything is.
func (d *demo) refused(problems []*configv1.Problem) error {
	for _, p := range problems {
		d.out.line("%s:%d:%d: %s", p.GetFile(), p.GetLine(), p.GetColumn(), p.GetMessage())
	}
	if len(problems) > 0 {
		return errors.New("the demo's own documents were refused")
	}
	return nil
}

// fresh makes sure that no earlier demo is remembered: the doubles begin anew
// each time, and old pairs would speak of other deals.
func (d *demo) fresh(ctx context.Context) error {
	resp, err := d.admin.ListSyncs(ctx, &configv1.ListSyncsRequest{})
	if err != nil {
		return fmt.Errorf("ask the config service: %w", err)
	}
	if n := len(resp.GetSyncs()); n > 0 {
		return fmt.Errorf("there is a sync already (%s): the demo needs an installation without data; give it another --data directory, or an empty NATS server",
			resp.GetSyncs()[0].GetSync().GetName())
	}
	return nil
}
