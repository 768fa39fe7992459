package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// print writes a message in the chosen form; table makes the rows for people.
func (g *global) print(w io.Writer, m proto.Message, table func(t *tabwriter.Writer)) error {
	if g.output == "table" {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		table(t)
		return t.Flush()
	}
	content, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return g.encode(w, json.RawMessage(content))
}

// encode writes any value as JSON or YAML.
func (g *global) encode(w io.Writer, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	var plain any
	if err := json.Unmarshal(content, &plain); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	switch g.output {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(plain)
	case "yaml":
		return yaml.NewEncoder(w).Encode(plain)
	default:
		return usage("output %q: allowed are table, json, yaml", g.output)
	}
}

// row writes one line of a table.
func row(t io.Writer, cells ...any) {
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = strings.ReplaceAll(fmt.Sprint(c), "\t", " ")
	}
	_, _ = fmt.Fprintln(t, strings.Join(parts, "\t"))
}

// at writes a time in Unix milliseconds for people.
func at(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000")
}

// dash stands for nothing in a table.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
