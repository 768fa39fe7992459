package cli

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/config/secretref"
)

func newApply(g *global) *cobra.Command {
	var files []string
	var dryRun bool
	var plan string
	cmd := &cobra.Command{
		Use:     "apply -f FILE|DIR",
		Short:   "Apply configuration documents: all of them, or none",
		Example: "  dealsync apply -f config/\n  dealsync apply -f deals.yaml --dry-run\n  dealsync apply -f deals.yaml --plan ID",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			documents, err := readDocuments(files)
			if err != nil {
				return err
			}
			limit := callTimeout
			if plan != "" { // it is worked out again, from live data
				limit = 0
			}
			return g.callFor(cmd.Context(), limit, func(ctx context.Context, admin configv1.AdminServiceClient) error {
				resp, err := admin.Apply(ctx, &configv1.ApplyRequest{Documents: documents, DryRun: dryRun, Plan: plan})
				if err != nil {
					return err
				}
				return reportApply(cmd, g, resp)
			})
		},
	}
	cmd.Flags().StringArrayVarP(&files, "filename", "f", nil, "file, directory of *.yaml files, or - for standard input; may be given again")
	cmd.Flags().StringVar(&plan, "plan", "", "id of a plan that must still hold, as dealsync plan printed it")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check everything, store nothing")
	_ = cmd.MarkFlagRequired("filename")
	return cmd
}

func reportApply(cmd *cobra.Command, g *global, resp *configv1.ApplyResponse) error {
	if len(resp.GetProblems()) > 0 {
		return reportProblems(cmd, resp.GetProblems(), "nothing was applied")
	}
	return g.print(cmd.OutOrStdout(), resp, func(t *tabwriter.Writer) {
		for _, a := range resp.GetApplied() {
			row(t, a.GetKind(), a.GetWorkspace()+"/"+a.GetName(), a.GetAction())
		}
	})
}

// reportProblems prints what is wrong with documents, in the form of compilers.
func reportProblems(cmd *cobra.Command, problems []*configv1.Problem, so string) error {
	for _, p := range problems {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d:%d: %s (%s)\n", p.GetFile(), p.GetLine(), p.GetColumn(), p.GetMessage(), p.GetCode())
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d problem(s)\n", so, len(problems))
	return &failure{exitRefused, errReported}
}

// readDocuments reads files and directories, and puts the values of secrets in
// the place of their references.
func readDocuments(paths []string) ([]*configv1.Document, error) {
	var documents []*configv1.Document
	add := func(name string, content []byte) error {
		resolved, err := secretref.Resolve(name, content)
		if err != nil {
			return &failure{exitRefused, err}
		}
		documents = append(documents, &configv1.Document{File: name, Content: resolved})
		return nil
	}
	for _, path := range paths {
		if path == "-" {
			content, err := io.ReadAll(os.Stdin)
			if err != nil {
				return nil, fmt.Errorf("read standard input: %w", err)
			}
			if err := add("standard input", content); err != nil {
				return nil, err
			}
			continue
		}
		if err := walk(path, add); err != nil {
			return nil, err
		}
	}
	return documents, nil
}

func walk(path string, add func(name string, content []byte) error) error {
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		ext := filepath.Ext(name)
		if d.IsDir() || (name != path && ext != ".yaml" && ext != ".yml") {
			return nil
		}
		content, err := os.ReadFile(name) //nolint:gosec // the user names the file
		if err != nil {
			return err
		}
		return add(name, content)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func newExport(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "Print the stored configuration as YAML, without secrets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.call(cmd.Context(), func(ctx context.Context, admin configv1.AdminServiceClient) error {
				resp, err := admin.Export(ctx, &configv1.ExportRequest{Workspace: g.workspace})
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(resp.GetContent())
				return err
			})
		},
	}
}
