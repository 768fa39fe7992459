package document

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are known wherever the program runs

	"go.yaml.in/yaml/v3"
)

var (
	namePattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	durationType = reflect.TypeFor[Duration]()
	valuesType   = reflect.TypeFor[Values]()
)

// maxDepth bounds how deep filter groups may nest.
const maxDepth = 32

// decoder fills structs from nodes, strictly, and goes on after a problem.
type decoder struct {
	doc      *Document
	problems []Problem
}

// fail notes a problem of the value at path, which stands at n.
func (d *decoder) fail(n *yaml.Node, path, code, format string, args ...any) {
	d.doc.bad = append(d.doc.bad, path)
	d.problems = append(d.problems, Problem{
		File: d.doc.File, Position: Position{n.Line, n.Column}, Code: code,
		Message: fmt.Sprintf(format, args...), path: path,
	})
}

// value decodes n, which k describes, into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, k *key, path string) {
	d.doc.at[path] = Position{n.Line, n.Column}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(n, path, "alias_not_allowed", "%s: anchors and aliases are not allowed; write the value itself", path)
		return
	}
	switch {
	case v.Type() == valuesType:
		d.values(n, v, path)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), k, path)
	case v.Kind() == reflect.Struct:
		d.mapping(n, v, path)
	case v.Kind() == reflect.Slice:
		d.list(n, v, k, path)
	default:
		d.scalar(n, v, k, path)
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "wrong_type", "%s: wants a mapping, is %s", path, describe(n))
		return
	}
	if strings.Count(path, "[") > maxDepth {
		d.fail(n, path, "too_deep", "%s: nests deeper than %d levels", path, maxDepth)
		return
	}
	keys := keysOf(v.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		k := find(keys, name.Value)
		switch {
		case k == nil:
			d.fail(name, join(path, name.Value), "unknown_key", "unknown key %q in %s; %s", name.Value, orDocument(path), Allowed(name.Value, names(keys)))
		case seen[k.name]:
			d.fail(name, join(path, k.name), "duplicate_key", "%s: is written twice", join(path, k.name))
		default:
			seen[k.name] = true
			d.value(value, v.Field(k.index), k, join(path, k.name))
		}
	}
	for _, k := range keys {
		if k.required && !seen[k.name] {
			d.fail(n, join(path, k.name), "missing_required", "%s is missing: %s", join(path, k.name), k.desc)
		}
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, k *key, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "wrong_type", "%s: wants a list, is %s", path, describe(n))
		return
	}
	if len(n.Content) == 0 {
		d.fail(n, path, "missing_required", "%s: needs at least one entry%s", path, orNone(k))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), &key{}, path+"["+strconv.Itoa(i)+"]")
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, k *key, path string) {
	want := wanted(v.Type())
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!str" && v.Kind() == reflect.String:
		v.SetString(n.Value)
	case n.Kind == yaml.ScalarNode && n.Tag == "!!int" && v.Kind() == reflect.Int:
		number, err := strconv.Atoi(n.Value)
		if err != nil {
			d.fail(n, path, "wrong_type", "%s: wants %s", path, want)
			return
		}
		v.SetInt(int64(number))
	case n.Kind == yaml.ScalarNode && n.Tag == "!!bool" && v.Kind() == reflect.Bool:
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case n.Kind == yaml.ScalarNode && v.Kind() == reflect.String && n.Tag != "!!null":
		d.fail(n, path, "wrong_type", "%s: wants %s, is %s; write it in quotes", path, want, describe(n))
		return
	default:
		d.fail(n, path, "wrong_type", "%s: wants %s, is %s", path, want, describe(n))
		return
	}
	d.rules(n, v, k, path)
}

// rules checks what a scalar's tags ask for beyond its type.
func (d *decoder) rules(n *yaml.Node, v reflect.Value, k *key, path string) {
	switch {
	case v.Kind() == reflect.String && k.required && n.Value == "":
		d.fail(n, path, "missing_required", "%s is blank: %s", path, k.desc)
	case k.enum != nil && !slices.Contains(k.enum, n.Value):
		d.fail(n, path, "unknown_value", "%s: %q is unknown; %s", path, n.Value, Allowed(n.Value, k.enum))
	case k.is("name") && !namePattern.MatchString(n.Value):
		d.fail(n, path, "bad_name", "%s: %q is no name; allowed are up to 63 small letters, digits and hyphens, no hyphen first or last", path, n.Value)
	case k.is("url") && !isURL(n.Value):
		d.fail(n, path, "bad_url", "%s: is no address; allowed is http:// or https:// with a host, without user, query and fragment", path)
	case k.is("zone") && !isZone(n.Value):
		d.fail(n, path, "bad_time_zone", "%s: %q is no time zone; allowed are the names of the IANA database, such as Europe/Berlin, and UTC", path, n.Value)
	case k.is("positive") && v.Int() <= 0:
		d.fail(n, path, "not_positive", "%s: %s is not more than 0", path, n.Value)
	case v.Type() == durationType:
		d.duration(n, path)
	}
}

func (d *decoder) duration(n *yaml.Node, path string) {
	switch length, err := time.ParseDuration(n.Value); {
	case err != nil:
		d.fail(n, path, "bad_duration", "%s: %q is no duration; allowed are a number and ms, s, m or h, such as 30s or 5m", path, n.Value)
	case length <= 0:
		d.fail(n, path, "not_positive", "%s: %s is not more than 0", path, n.Value)
	case length < time.Millisecond:
		d.fail(n, path, "bad_duration", "%s: %s is less than a millisecond", path, n.Value)
	}
}

// values reads one scalar of any type or a list of them, as text.
func (d *decoder) values(n *yaml.Node, v reflect.Value, path string) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	list := make(Values, 0, len(items))
	for _, item := range items {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			d.fail(item, path, "wrong_type", "%s: wants a value or a list of values, is %s", path, describe(item))
			return
		}
		list = append(list, item.Value)
	}
	v.Set(reflect.ValueOf(list))
}

func find(keys []key, name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

func isURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func isZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "" && name != "Local"
}

func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration such as 5m"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "text"
	}
}

// describe says what a node is, never what it holds: it may be a secret.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		switch n.Tag {
		case "!!null":
			return "empty"
		case "!!int", "!!float":
			return "a number"
		case "!!bool":
			return "true or false"
		case "!!timestamp":
			return "a date"
		}
	}
	return "text"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orDocument(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}

func orNone(k *key) string {
	if k.required {
		return ""
	}
	return "; leave it out instead"
}
