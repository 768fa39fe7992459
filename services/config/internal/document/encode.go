package document

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Encode writes documents as YAML that Parse reads back. Secrets come out as
// {stored: true}: applied again they keep what is stored.
func Encode(docs []*Document) ([]byte, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	for _, d := range docs {
		n, err := d.node()
		if err != nil {
			return nil, fmt.Errorf("encode %s %s: %w", d.Kind, d.Metadata.Name, err)
		}
		if err := enc.Encode(n); err != nil {
			return nil, fmt.Errorf("encode %s %s: %w", d.Kind, d.Metadata.Name, err)
		}
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("encode documents: %w", err)
	}
	return out.Bytes(), nil
}

// node is the document as YAML, by way of JSON: JSON is YAML, and it has the
// keys in the order of the structs.
func (d *Document) node() (*yaml.Node, error) {
	var spec any
	switch d.Kind {
	case KindWorkspace:
		spec = d.Workspace
	case KindConnection:
		spec = d.Connection
	default:
		spec = d.Sync
	}
	raw, err := json.Marshal(envelope[any]{APIVersion, d.Kind, d.Metadata, spec})
	if err != nil {
		return nil, err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(raw, &n); err != nil {
		return nil, err
	}
	block(&n)
	return &n, nil
}

// block takes the style of JSON away.
func block(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		block(c)
	}
}
