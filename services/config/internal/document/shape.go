package document

import (
	"reflect"
	"slices"
	"strings"
)

// key is one key of a mapping, read from the tags of a struct's field. The
// tags are the one description that parsing, the JSON Schema and the
// reference page are made from.
type key struct {
	name     string
	index    int
	typ      reflect.Type
	enum     []string
	required bool
	rules    []string // name, url, positive
	value    string   // default
	desc     string
}

func (k *key) is(rule string) bool { return slices.Contains(k.rules, rule) }

// keysOf are the keys that a struct's mapping may have, in order.
func keysOf(t reflect.Type) []key {
	keys := make([]key, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		k := key{name: name, index: i, typ: f.Type, value: f.Tag.Get("default"), desc: f.Tag.Get("desc")}
		if e := f.Tag.Get("enum"); e != "" {
			k.enum = strings.Split(e, ",")
		}
		if r := f.Tag.Get("is"); r != "" {
			k.rules = strings.Split(r, ",")
		}
		k.required = k.is("required")
		keys = append(keys, k)
	}
	return keys
}

func names(keys []key) []string {
	list := make([]string, len(keys))
	for i := range keys {
		list[i] = keys[i].name
	}
	return list
}
