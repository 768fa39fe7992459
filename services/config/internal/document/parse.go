package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxFile is the largest file that is read, in bytes.
const MaxFile = 1 << 20

// File is the content of one file, holding any number of documents.
type File struct {
	Name    string
	Content []byte
}

// Parse reads all documents of all files and checks each by itself and against
// the others of the set. Problems are ordered by place and complete: what is
// left after fixing them was not visible before.
func Parse(files []File, apps Catalogue) ([]*Document, []Problem) {
	var docs []*Document
	var problems []Problem
	for _, f := range files {
		parsed, wrong := parseFile(f, apps)
		docs = append(docs, parsed...)
		problems = append(problems, wrong...)
	}
	problems = append(problems, duplicates(docs)...)
	Sort(problems)
	return docs, problems
}

func parseFile(f File, apps Catalogue) (docs []*Document, problems []Problem) {
	if len(f.Content) > MaxFile {
		return nil, []Problem{{File: f.Name, Position: Position{1, 1}, Code: "too_large", Message: fmt.Sprintf("the file has %d bytes; allowed are %d", len(f.Content), MaxFile)}}
	}
	dec := yaml.NewDecoder(bytes.NewReader(f.Content))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err != nil {
			if !errors.Is(err, io.EOF) {
				problems = append(problems, syntax(f.Name, err))
			}
			return docs, problems
		}
		root := n.Content[0]
		if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
			continue
		}
		doc, wrong := parseDocument(f.Name, root)
		problems = append(problems, wrong...)
		if doc != nil {
			problems = append(problems, doc.sound(doc.check(apps))...)
			docs = append(docs, doc)
		}
	}
}

// parseDocument reads one document; it is nil when its kind is not known.
func parseDocument(file string, root *yaml.Node) (*Document, []Problem) {
	doc := &Document{File: file, start: Position{root.Line, root.Column}, at: map[string]Position{}}
	if root.Kind != yaml.MappingNode {
		return nil, []Problem{doc.Problem("", "wrong_type", "a document is a mapping with apiVersion, kind, metadata and spec; this is %s", describe(root))}
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "kind" {
			doc.Kind = root.Content[i+1].Value
		}
	}
	var known bool
	var wrong []Problem
	switch doc.Kind {
	case KindWorkspace:
		known, wrong = true, fill(doc, root, &doc.Workspace)
	case KindConnection:
		known, wrong = true, fill(doc, root, &doc.Connection)
	case KindSync:
		known, wrong = true, fill(doc, root, &doc.Sync)
	}
	if known {
		return doc, wrong
	}
	// Only the envelope can be checked, and it says what kinds there are.
	var none *struct{}
	for _, p := range fill(doc, root, &none) {
		if p.Code != "unknown_key" || !within(p.path, "spec") {
			wrong = append(wrong, p)
		}
	}
	return nil, wrong
}

// ParseTerm reads a filter term that stands alone, as sync documents write it,
// in YAML or JSON. Blank content is no term. The document that it gives holds
// nothing but the term, as the filter of the app; its path is "filter".
func ParseTerm(content []byte) (*Document, []Problem) {
	doc := &Document{File: "filter", Kind: KindSync, Sync: &SyncSpec{}, start: Position{1, 1}, at: map[string]Position{}}
	if len(content) > MaxFile {
		return nil, []Problem{doc.Problem("", "too_large", "the filter has %d bytes; allowed are %d", len(content), MaxFile)}
	}
	var n yaml.Node
	if err := yaml.Unmarshal(content, &n); err != nil {
		return nil, []Problem{syntax(doc.File, err)}
	}
	if len(n.Content) == 0 {
		return doc, nil
	}
	d := decoder{doc: doc}
	d.value(n.Content[0], reflect.ValueOf(&doc.Sync.Filter.App).Elem(), &key{}, "filter")
	problems := append(d.problems, doc.sound(doc.checkTerm("filter", doc.Sync.Filter.App))...)
	Sort(problems)
	return doc, problems
}

// envelope is what all documents have around their spec.
type envelope[S any] struct {
	APIVersion string   `json:"apiVersion" is:"required" enum:"dealsync/v1" desc:"Version of the documents: dealsync/v1."`
	Kind       string   `json:"kind" is:"required" enum:"Workspace,Connection,Sync" desc:"Kind of document: Workspace, Connection or Sync."`
	Metadata   Metadata `json:"metadata" is:"required" desc:"What the document is called."`
	Spec       S        `json:"spec" is:"required" desc:"What it says."`
}

func fill[S any](doc *Document, root *yaml.Node, spec **S) []Problem {
	var e envelope[S]
	d := decoder{doc: doc}
	d.mapping(root, reflect.ValueOf(&e).Elem(), "")
	doc.Metadata, *spec = e.Metadata, &e.Spec
	return d.problems
}

func duplicates(docs []*Document) []Problem {
	first := map[string]*Document{}
	var problems []Problem
	for _, d := range docs {
		id := strings.Join([]string{d.Kind, d.Metadata.Workspace, d.Metadata.Name}, "/")
		if f, ok := first[id]; ok && d.Metadata.Name != "" {
			problems = append(problems, d.Problem("metadata.name", "duplicate_document", "%s %s is defined already at %s:%d", d.Kind, d.Metadata.Name, f.File, f.start.Line))
			continue
		}
		first[id] = d
	}
	return problems
}

var (
	syntaxLine = regexp.MustCompile(`line (\d+): `)
	// The reader counts lines from 0 in these, from 1 in others.
	fromZero = regexp.MustCompile(`did not find expected (key|',' or|'-' indicator|node content|<document start>)`)
)

// syntax places an error of the YAML reader, which tells the line at most.
func syntax(file string, err error) Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := syntaxLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
		if fromZero.MatchString(text) {
			line++
		}
	}
	return Problem{File: file, Position: Position{line, 1}, Code: "yaml_syntax", Message: "this is not YAML: " + text}
}
