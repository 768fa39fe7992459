package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
)

// explain shows why the deal of the conflict holds what it holds.
func (d *demo) explain(ctx context.Context) error {
	c := d.tally.conflict
	d.out.heading("Why? The journal of the deal with the conflict, %s (%s)", c.name, c.mark)
	pair, err := d.pairOf(ctx, deal.HubSpot, c)
	if err != nil {
		return err
	}
	entries, err := d.journal(ctx, pair.GetId())
	if err != nil {
		return err
	}
	rows := [][]string{{"at", "what", "side", "field", "value", "why"}}
	for _, e := range entries {
		rows = append(rows, []string{
			time.UnixMilli(e.GetAtMs()).Format("15:04:05.000"), e.GetEvent(), sideName(e.GetSide()), e.GetUnit(), e.GetValue(), why(e),
		})
	}
	d.out.table(rows)
	return nil
}

func (d *demo) journal(ctx context.Context, pair string) ([]*eventv1.JournalEntry, error) {
	resp, err := d.admin.GetJournal(ctx, &configv1.GetJournalRequest{Workspace: workspace, Pair: pair})
	if err != nil {
		return nil, fmt.Errorf("ask for the journal of %s: %w", pair, err)
	}
	return resp.GetEntries(), nil
}

// why puts a journal entry's reason in words.
func why(e *eventv1.JournalEntry) string {
	var parts []string
	if e.GetWinner() != eventv1.Side_SIDE_UNSPECIFIED {
		parts = append(parts, sideName(e.GetWinner())+" wins")
	}
	if e.GetRivalValue() != "" {
		parts = append(parts, "over "+e.GetRivalValue())
	}
	if e.GetReason() != "" {
		parts = append(parts, e.GetReason())
	}
	if e.GetEditedMs() != 0 {
		parts = append(parts, "edited "+time.UnixMilli(e.GetEditedMs()).Format("15:04:05"))
	}
	return strings.Join(parts, ", ")
}

// sideName is "hubspot", "app", or nothing.
func sideName(s eventv1.Side) string {
	switch s {
	case eventv1.Side_SIDE_HUBSPOT:
		return "hubspot"
	case eventv1.Side_SIDE_APP:
		return "app"
	default:
		return ""
	}
}
