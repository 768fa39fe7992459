package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"go.yaml.in/yaml/v3"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
	"github.com/dealsync/dealsync/services/sandbox/sandbox"
)

// documents are what the demo applies: the same kind of files that anyone
// hands to "dealsync apply".
//
//go:embed *.yaml
var documents embed.FS

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

// syncDocument is as much of a Sync document as the comparison needs.
type syncDocument struct {
	Kind     string
	Metadata struct{ Workspace, Name string }
	Spec     struct {
		Conflict  struct{ Winner, Window string }
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

// findSync reads the Sync document among the documents.
func findSync(dir fs.FS) (*syncDocument, error) {
	list, err := readDocuments(dir, "", "")
	if err != nil {
		return nil, err
	}
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
				return &doc, nil
			}
		}
	}
	return nil, errors.New("the demo's documents have no Sync")
}
