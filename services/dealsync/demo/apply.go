package demo

import (
	"context"
	"errors"
	"fmt"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// apply sets the sync up, with the call that "dealsync apply" makes.
func (d *demo) apply(ctx context.Context) error {
	d.out.heading("One sync between them, from configuration documents")
	if err := d.fresh(ctx); err != nil {
		return err
	}
	docs, err := readDocuments(documents, d.place.HubSpot, d.place.Pipedrive)
	if err != nil {
		return err
	}
	resp, err := d.admin.Apply(ctx, &configv1.ApplyRequest{Documents: docs})
	if err != nil {
		return fmt.Errorf("apply the demo's documents: %w", err)
	}
	for _, p := range resp.GetProblems() {
		d.out.line("%s:%d:%d: %s", p.GetFile(), p.GetLine(), p.GetColumn(), p.GetMessage())
	}
	if len(resp.GetProblems()) > 0 {
		return errors.New("the demo's own documents were refused")
	}
	for _, a := range resp.GetApplied() {
		d.out.line("%-10s %-10s %s", a.GetAction(), a.GetKind(), a.GetName())
	}
	d.out.note("Both ways; deals in mapped stages only; in Pipedrive only those worth %s or more;", d.rules.floor.RatString())
	d.out.note("in a conflict, two edits of one field within five minutes, HubSpot's stands.")
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
