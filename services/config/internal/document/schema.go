package document

import (
	"reflect"
	"strings"
)

// SchemaID is the published address of the JSON Schema.
const SchemaID = "https://raw.githubusercontent.com/dealsync/dealsync/main/docs/reference/dealsync.v1.schema.json"

type object = map[string]any

// inner is the object that stands at path in o, which is known to have it.
func inner(o object, path ...string) object {
	for _, name := range path {
		o, _ = o[name].(object)
	}
	return o
}

// Schema is the JSON Schema (2020-12) of one document, made from the same tags
// that parsing goes by. It says what one document may look like; references
// between documents and what the apps offer are checked when it is applied.
func Schema(apps Catalogue) map[string]any {
	defs := object{}
	kinds := []any{
		kindSchema[WorkspaceSpec](defs, KindWorkspace),
		kindSchema[ConnectionSpec](defs, KindConnection),
		kindSchema[SyncSpec](defs, KindSync),
	}
	inner(defs, "ConnectionSpec", "properties", "app")["enum"] = apps.Names()
	return object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     SchemaID,
		"title":   "Dealsync configuration document",
		"oneOf":   kinds,
		"$defs":   defs,
	}
}

func kindSchema[S any](defs object, kind string) any {
	s := structSchema(defs, reflect.TypeFor[envelope[S]]())
	properties, ok := s["properties"].(object)
	if !ok {
		return s
	}
	properties["kind"] = object{"const": kind}
	properties["apiVersion"] = object{"const": APIVersion}
	metadata := object{"allOf": []any{object{"$ref": "#/$defs/MetadataSpec"}}, "required": []string{"workspace", "name"}}
	if kind == KindWorkspace {
		metadata["required"] = []string{"name"}
		metadata["properties"] = object{"workspace": false}
	}
	properties["metadata"] = metadata
	defs[kind] = s
	return object{"$ref": "#/$defs/" + kind}
}

func structSchema(defs object, t reflect.Type) object {
	properties := object{}
	required := []string{}
	for _, k := range keysOf(t) {
		s := typeSchema(defs, k.typ, &k)
		s["description"] = k.desc
		if k.value != "" {
			s["default"] = k.value
		}
		properties[k.name] = s
		if k.required {
			required = append(required, k.name)
		}
	}
	s := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	switch t {
	case reflect.TypeFor[Secret]():
		s["minProperties"], s["maxProperties"] = 1, 1
	case reflect.TypeFor[DefaultOwner]():
		s["minProperties"] = 1
	case reflect.TypeFor[Auth]():
		s["minProperties"], s["maxProperties"] = 1, 1
	case reflect.TypeFor[Term]():
		s["oneOf"] = []any{object{"required": []string{"all"}}, object{"required": []string{"any"}}, object{"required": []string{"field", "op"}}}
	}
	return s
}

func typeSchema(defs object, t reflect.Type, k *key) object {
	switch {
	case t == valuesType:
		scalar := object{"type": []string{"string", "number", "boolean"}}
		return object{"oneOf": []any{scalar, object{"type": "array", "items": scalar, "minItems": 1}}}
	case t == durationType:
		return object{"type": "string", "pattern": `^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)`}
	case t.Kind() == reflect.Pointer:
		return typeSchema(defs, t.Elem(), k)
	case t.Kind() == reflect.Struct:
		name := strings.TrimSuffix(t.Name(), "Spec") + "Spec"
		if defs[name] == nil {
			defs[name] = true // holds the place while a recursive type is described
			defs[name] = structSchema(defs, t)
		}
		return object{"$ref": "#/$defs/" + name}
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": typeSchema(defs, t.Elem(), &key{}), "minItems": 1}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Int:
		return object{"type": "integer", "minimum": 1}
	}
	s := object{"type": "string"}
	switch {
	case k.enum != nil:
		s["enum"] = k.enum
	case k.is("name"):
		s["pattern"] = namePattern.String()
	case k.is("url"):
		s["pattern"] = "^https?://"
	case k.is("app"):
		// Schema puts the catalogue's names in.
	case k.required:
		s["minLength"] = 1
	}
	return s
}
