package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/status"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// finding is one thing that doctor looked at.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func newDoctor(g *global) *cobra.Command {
	var health string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check an installation: what is up, connected, behind or parked", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := healthFindings(cmd.Context(), health)
			err := g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				findings = append(findings, connectionFindings(ctx, admin)...)
				return nil
			})
			if err != nil {
				return err
			}
			return g.report(cmd, findings)
		},
	}
	cmd.Flags().StringVar(&health, "health", "http://"+env("DEALSYNC_HEALTH_ADDR", "127.0.0.1:8083"), "health address of a service, or of dealsync up")
	return cmd
}

func (g *global) report(cmd *cobra.Command, findings []finding) error {
	if g.output == "table" {
		t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
		for _, f := range findings {
			row(t, map[bool]string{true: "ok", false: "PROBLEM"}[f.OK], f.Check, f.Detail)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	} else if err := g.encode(cmd.OutOrStdout(), findings); err != nil {
		return err
	}
	for _, f := range findings {
		if !f.OK {
			return &failure{exitFailed, fmt.Errorf("%s: %s", f.Check, f.Detail)}
		}
	}
	return nil
}

// healthFindings reads a program's readiness, which also names the durability
// level in force.
func healthFindings(ctx context.Context, address string) []finding {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", nil)
	if err != nil {
		return []finding{{"health", false, err.Error()}}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return []finding{{"health", false, err.Error()}}
	}
	defer func() { _ = resp.Body.Close() }()
	answer := struct {
		Durability string            `json:"durability"`
		Checks     map[string]string `json:"checks"`
	}{}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return []finding{{"health", false, err.Error()}}
	}
	findings := []finding{{"durability", true, answer.Durability}}
	for _, name := range slices.Sorted(maps.Keys(answer.Checks)) {
		findings = append(findings, finding{name, answer.Checks[name] == "ok", answer.Checks[name]})
	}
	return findings
}

// connectionFindings asks each app for its schema, so that credentials and
// permissions are tried for real, and counts what is parked.
func connectionFindings(ctx context.Context, admin configv1.AdminServiceClient) []finding {
	resp, err := admin.ListConnections(ctx, &configv1.ListConnectionsRequest{})
	if err != nil {
		return []finding{{"config service", false, status.Convert(err).Message()}}
	}
	findings := []finding{{"config service", true, "reachable"}}
	workspaces := map[string]bool{}
	for _, c := range resp.GetConnections() {
		workspaces[c.GetWorkspace()] = true
		f := finding{Check: "connection " + c.GetWorkspace() + "/" + c.GetName()}
		f.OK, f.Detail = tryConnection(ctx, admin, c)
		findings = append(findings, f)
	}
	for _, w := range slices.Sorted(maps.Keys(workspaces)) {
		parked, err := admin.ListParked(ctx, &configv1.ListParkedRequest{Workspace: w, PageSize: 1})
		switch {
		case err != nil:
			findings = append(findings, finding{"parked in " + w, false, status.Convert(err).Message()})
		case len(parked.GetParked()) > 0:
			findings = append(findings, finding{"parked in " + w, false, "there are parked messages: dealsync get parked -w " + w})
		default:
			findings = append(findings, finding{"parked in " + w, true, "nothing is parked"})
		}
	}
	return findings
}

// tryConnection asks the account now for the first object that its app shares,
// which is deals where it has them.
func tryConnection(ctx context.Context, admin configv1.AdminServiceClient, c *configv1.Connection) (ok bool, detail string) {
	app, err := admin.GetApp(ctx, &configv1.GetAppRequest{App: c.GetApp()})
	if err != nil {
		return false, status.Convert(err).Message()
	}
	if len(app.GetApp().GetObjects()) == 0 {
		return false, app.GetApp().GetTitle() + " shares nothing"
	}
	object := app.GetApp().GetObjects()[0].GetObject()
	schema, err := admin.GetSchema(ctx, &configv1.GetSchemaRequest{Workspace: c.GetWorkspace(), Connection: c.GetName(), Object: object, Refresh: true})
	switch {
	case err != nil:
		return false, status.Convert(err).Message()
	case schema.GetStagesMissing().GetCode() == "no_stages_visible":
		return false, schema.GetStagesMissing().GetMessage()
	}
	return true, fmt.Sprintf("signed in; %d pipelines, %d fields of %s", len(schema.GetPipelines()), len(schema.GetFields()), object)
}
