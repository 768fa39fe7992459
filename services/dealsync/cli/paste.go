package cli

import (
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	configv1 "github.com/dealsync/dealsync/proto/gen/dealsync/config/v1"
)

// Lines of sync documents, for people to review and paste.

// pasted is one line: what stands for one another, and a remark.
type pasted struct {
	hubspot, app, remark string
	direction            configv1.Direction
}

// paste writes a part of a sync's spec as YAML.
func paste(w io.Writer, key string, value *yaml.Node, rest []string) error {
	root := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar(key), value}}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("write the lines: %w", err)
	}
	if err := enc.Close(); err != nil {
		return fmt.Errorf("write the lines: %w", err)
	}
	for _, line := range rest {
		if _, err := fmt.Fprintln(w, "# "+line); err != nil {
			return fmt.Errorf("write the lines: %w", err)
		}
	}
	return nil
}

// pipelinePaste is the entry of one pair of pipelines.
func pipelinePaste(hubspot, app string, stages []pasted) *yaml.Node {
	for i := range stages {
		stages[i].app = short(app, stages[i].app)
	}
	entry := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
		scalar("hubspot"), scalar(hubspot), scalar("app"), scalar(app), scalar("stages"), lines(stages),
	}}
	return &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{entry}}
}

// short is a stage as documents may write it inside its pipeline.
func short(pipeline, stage string) string { return strings.TrimPrefix(stage, pipeline+"/") }

func lines(of []pasted) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	if len(of) == 0 {
		list.Style = yaml.FlowStyle
	}
	for _, l := range of {
		line := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, LineComment: l.remark, Content: []*yaml.Node{
			scalar("hubspot"), scalar(l.hubspot), scalar("app"), scalar(l.app),
		}}
		if l.direction == configv1.Direction_DIRECTION_TO_HUBSPOT || l.direction == configv1.Direction_DIRECTION_TO_APP {
			line.Content = append(line.Content, scalar("direction"), scalar(direction(l.direction)))
		}
		list.Content = append(list.Content, line)
	}
	return list
}

// scalar is text, in quotes where it would be read as something else.
func scalar(v string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(v)
	return n
}
