package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	eventv1 "github.com/dealsync/dealsync/proto/gen/dealsync/event/v1"
	ledgerv1 "github.com/dealsync/dealsync/proto/gen/dealsync/ledger/v1"
)

func newDescribe(g *global) *cobra.Command {
	cmd := &cobra.Command{Use: "describe", Short: "Show one thing in full"}
	cmd.AddCommand(newDescribeApp(g), newDescribeSync(g), newDescribePair(g))
	return cmd
}

func newDescribePair(g *global) *cobra.Command {
	req := &configv1.GetPairRequest{}
	cmd := &cobra.Command{
		Use: "pair PAIR|RECORD", Short: "Show what is known of a pair, field by field", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) (err error) {
				if req.Workspace, err = g.in(ctx, admin); err != nil {
					return err
				}
				req.Pair = args[0]
				resp, err := admin.GetPair(ctx, req)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) { describePair(t, resp.GetPair()) })
			})
		},
	}
	syncFlag(cmd, &req.Sync)
	return cmd
}

// syncFlag narrows a record's id, which a record of another object may have too.
func syncFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "sync", "", "sync that the record is in, where its id is not enough")
}

func describePair(t *tabwriter.Writer, r *configv1.PairRow) {
	p := r.GetPair()
	row(t, "Pair", r.GetId())
	row(t, "Sync", p.GetSync())
	row(t, "Status", strings.TrimSpace(p.GetStatus()+" "+p.GetReason()))
	if p.GetMessage() != "" {
		row(t, "Message", p.GetMessage())
	}
	row(t, "Version", p.GetVersion())
	for _, side := range []struct {
		name string
		of   *ledgerv1.PairSide
	}{{"HubSpot", p.GetHubspot()}, {"App", p.GetApp()}} {
		state := dash(side.of.GetRecord())
		switch {
		case side.of.GetDeleted():
			state += " (deleted)"
		case side.of.GetExcluded() != "":
			state += " (excluded: " + side.of.GetExcluded() + " " + side.of.GetDetail() + ")"
		}
		if side.of.GetHold() != "" {
			state += " (held: " + side.of.GetHold() + " " + side.of.GetHoldDetail() + ")"
		}
		if side.of.GetFlight() != nil {
			state += fmt.Sprintf(", write %d on its way", side.of.GetFlight().GetVersion())
		}
		row(t, side.name, state)
		for _, a := range side.of.GetAssociations() {
			row(t, "", "associated with "+a.GetObject()+" "+a.GetRecord())
		}
		for _, e := range side.of.GetRefused() {
			row(t, "", fmt.Sprintf("not associated with %s %s: %s %s", e.GetReference().GetObject(), e.GetReference().GetRecord(), e.GetCode(), e.GetMessage()))
		}
	}
	if p.GetFoldedInto() != "" {
		row(t, "Goes on as", p.GetFoldedInto())
	}
	row(t)
	row(t, "FIELD", "LAST EDIT IN HUBSPOT", "LAST EDIT IN APP")
	for _, name := range slices.Sorted(maps.Keys(p.GetUnits())) {
		u := p.GetUnits()[name]
		row(t, name, at(u.GetHubspot().GetEdit().GetAtMs()), at(u.GetApp().GetEdit().GetAtMs()))
	}
}

func newJournal(g *global) *cobra.Command {
	req := &configv1.GetJournalRequest{}
	cmd := &cobra.Command{
		Use: "journal PAIR|RECORD", Short: "Tell what happened to a pair, and why", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) (err error) {
				if req.Workspace, err = g.in(ctx, admin); err != nil {
					return err
				}
				req.Pair = args[0]
				resp, err := admin.GetJournal(ctx, req)
				if err != nil {
					return err
				}
				return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
					row(t, "AT", "EVENT", "SIDE", "FIELD", "VALUE", "WHY")
					for _, e := range resp.GetEntries() {
						row(t, at(e.GetAtMs()), e.GetEvent(), side(e.GetSide()), dash(e.GetUnit()), dash(e.GetValue()), why(e))
					}
				})
			})
		},
	}
	cmd.Flags().Int32Var(&req.Limit, "limit", 200, "newest entries to show")
	syncFlag(cmd, &req.Sync)
	return cmd
}

// why puts a journal entry's reason in words.
func why(e *eventv1.JournalEntry) string {
	var parts []string
	if e.GetWinner() != eventv1.Side_SIDE_UNSPECIFIED {
		parts = append(parts, side(e.GetWinner())+" wins")
	}
	if e.GetRivalValue() != "" {
		parts = append(parts, "over "+e.GetRivalValue())
	}
	if e.GetReason() != "" {
		parts = append(parts, e.GetReason())
	}
	return strings.Join(parts, ", ")
}

func side(s eventv1.Side) string { return word(s.String(), "SIDE_") }

// word turns an enum's name into the word that documents use.
func word(name, prefix string) string {
	w := strings.ToLower(strings.TrimPrefix(name, prefix))
	if w == "unspecified" {
		return "-"
	}
	return w
}
