package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// documents are what the demo applies: the same kind of files that anyone
// hands to "dealsync apply". Only the stages are left open: they are suggested.
// deploy/demo holds the same as they are then, for containers.
//
//go:embed *.yaml
var documents embed.FS

// openStages stands in a document where the suggested mapping belongs.
const openStages = "pipelines: suggested"

// readDocuments reads documents, with the doubles' default addresses replaced
// by those that they really have.
func readDocuments(dir fs.FS, hubspot, pipedrive string) ([]*configv1.Document, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("find the demo's documents: %w", err)
	}
	usual := sandbox.Defaults()
	list := make([]*configv1.Document, 0, len(names))
	for _, name := range names {
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("read the demo's documents: %w", err)
		}
		content = bytes.ReplaceAll(content, []byte("http://"+usual.HubSpotAddr), []byte(hubspot))
		content = bytes.ReplaceAll(content, []byte("http://"+usual.PipedriveAddr), []byte(pipedrive))
		list = append(list, &configv1.Document{File: name, Content: content})
	}
	return list, nil
}

// parts are the documents that connect the accounts, and those that say what
// syncs between them.
func parts(list []*configv1.Document) (connections, syncs []*configv1.Document) {
	for _, d := range list {
		if bytes.Contains(d.GetContent(), []byte("kind: Sync")) {
			syncs = append(syncs, d)
		} else {
			connections = append(connections, d)
		}
	}
	return connections, syncs
}

// withStages puts a suggested mapping where the documents leave it open.
func withStages(list []*configv1.Document, s *configv1.SuggestStagesResponse) []*configv1.Document {
	filled := make([]*configv1.Document, len(list))
	for i, d := range list {
		content := bytes.ReplaceAll(d.GetContent(), []byte(openStages), []byte(mapping(s)))
		filled[i] = &configv1.Document{File: d.GetFile(), Content: content}
	}
	return filled
}

// mapping is a suggestion as a part of a sync document.
func mapping(s *configv1.SuggestStagesResponse) string {
	var b strings.Builder
	fmt.Fprintf(&b, "pipelines:\n    - hubspot: %q # %s\n      app: %q # %s\n      stages:",
		s.GetHubspotPipeline(), s.GetHubspotLabel(), s.GetAppPipeline(), s.GetAppLabel())
	for _, x := range s.GetSuggestions() {
		fmt.Fprintf(&b, "\n        - {hubspot: %q, app: %q} # %s", x.GetHubspot(), stageIn(s, x.GetApp()), reason(x))
	}
	return b.String()
}

// stageIn is a stage of the app as documents write it inside its pipeline.
func stageIn(s *configv1.SuggestStagesResponse, stage string) string {
	return strings.TrimPrefix(stage, s.GetAppPipeline()+"/")
}

func reason(x *configv1.Suggestion) string {
	return fmt.Sprintf("%s = %s, %.2f: %s", x.GetHubspotLabel(), x.GetAppLabel(), x.GetScore(), x.GetReason())
}

// syncDocument is as much of a Sync document as the comparison needs.
type syncDocument struct {
	Kind     string
	Metadata struct{ Workspace, Name string }
	Spec     struct {
		Object    string
		Pipelines []struct {
			HubSpot, App string
			Stages       []struct{ HubSpot, App string }
		}
		Filter struct {
			App struct {
				All []struct{ Field, Op, Value string }
			}
		}
		Fields []struct{ HubSpot, App string }
	}
}

// findSyncs reads the Sync documents among the documents.
func findSyncs(list []*configv1.Document) (syncs []*syncDocument, err error) {
	for _, d := range list {
		dec := yaml.NewDecoder(bytes.NewReader(d.GetContent()))
		for {
			var doc syncDocument
			err := dec.Decode(&doc)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", d.GetFile(), err)
			}
			if doc.Kind == "Sync" {
				syncs = append(syncs, &doc)
			}
		}
	}
	return syncs, nil
}
