// Package secretref puts the values of secrets in the place of their
// references, where documents are applied: {env: NAME} and {file: PATH} become
// {value: ...} in the environment and the files of whoever applies them. It
// changes nothing else of a document, so lines stay where they are, and it
// never prints a value.
package secretref

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Resolver looks references up.
type Resolver struct {
	// Env gives an environment variable.
	Env func(name string) (string, bool)
	// Read gives a file's content.
	Read func(path string) ([]byte, error)
}

// Resolve puts in the values that this process's environment and files have.
// Paths are relative to the document's file. The error lists every reference
// that can't be resolved, with its place.
func Resolve(file string, content []byte) ([]byte, error) {
	return Resolver{Env: os.LookupEnv, Read: os.ReadFile}.Resolve(file, content)
}

// Resolve does the same with the resolver's own sources.
func (r Resolver) Resolve(file string, content []byte) ([]byte, error) {
	refs := references(content)
	if len(refs) == 0 {
		return content, nil
	}
	lines := bytes.SplitAfter(content, []byte("\n"))
	var failed []error
	// Last first: a replacement moves what follows it on its line.
	for i := len(refs) - 1; i >= 0; i-- {
		if err := r.replace(file, lines, refs[i]); err != nil {
			failed = append([]error{err}, failed...)
		}
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return bytes.Join(lines, nil), nil
}

// reference is "env: NAME" or "file: PATH" in a place for a secret.
type reference struct{ key, value *yaml.Node }

// references finds them in all Connection documents. What is not YAML, or not
// of the right shape, is left to the config service, which says what is wrong.
func references(content []byte) (refs []reference) {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil
			}
			return refs
		}
		root := n.Content[0]
		if kind := child(root, "kind"); kind == nil || kind.Value != "Connection" {
			continue
		}
		spec := child(root, "spec")
		collect(child(spec, "auth"), &refs)
		collect(child(spec, "webhook"), &refs)
	}
}

func collect(n *yaml.Node, refs *[]reference) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if (key.Value == "env" || key.Value == "file") && len(n.Content) == 2 && value.Kind == yaml.ScalarNode {
			*refs = append(*refs, reference{key, value})
			continue
		}
		collect(value, refs)
	}
}

func child(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// look gives the value that a reference stands for.
func (r Resolver) look(file string, ref reference) (string, error) {
	if ref.key.Value == "env" {
		if !envName.MatchString(ref.value.Value) {
			return "", errors.New("env: this is no name of an environment variable")
		}
		value, ok := r.Env(ref.value.Value)
		if !ok || value == "" {
			return "", fmt.Errorf("env: environment variable %s is not set", ref.value.Value)
		}
		return value, nil
	}
	path := ref.value.Value
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	content, err := r.Read(path)
	if err != nil {
		return "", fmt.Errorf("file: %w", err)
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return "", fmt.Errorf("file: %s is blank", path)
	}
	return value, nil
}

// replace writes the value over the reference's value and "value" over its
// key, in the lines of the document.
func (r Resolver) replace(file string, lines [][]byte, ref reference) error {
	failed := func(err error) error {
		return fmt.Errorf("%s:%d:%d: %w", file, ref.value.Line, ref.value.Column, err)
	}
	value, err := r.look(file, ref)
	if err != nil {
		return failed(err)
	}
	quoted, err := json.Marshal(value) // a JSON string is a YAML string
	if err != nil {
		return failed(err)
	}
	if !put(lines, ref.value, quoted) || !put(lines, ref.key, []byte("value")) {
		return failed(fmt.Errorf("%s: write the key and its value plainly, on one line each", ref.key.Value))
	}
	return nil
}

// put writes text over a scalar as it stands in the lines: plain, or in quotes
// without any escape.
func put(lines [][]byte, n *yaml.Node, text []byte) bool {
	if n.Line < 1 || n.Line > len(lines) || n.Anchor != "" {
		return false
	}
	line := lines[n.Line-1]
	start := offset(line, n.Column-1)
	for _, quote := range []string{"", `"`, "'"} {
		written := []byte(quote + n.Value + quote)
		if bytes.HasPrefix(line[start:], written) {
			end := start + len(written)
			lines[n.Line-1] = bytes.Join([][]byte{line[:start], text, line[end:]}, nil)
			return true
		}
	}
	return false
}

// offset is where a column begins, in bytes: columns count characters.
func offset(line []byte, column int) int {
	at := 0
	for ; column > 0 && at < len(line); column-- {
		_, size := utf8.DecodeRune(line[at:])
		at += size
	}
	return at
}
