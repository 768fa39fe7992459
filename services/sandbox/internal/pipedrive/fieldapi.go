package pipedrive

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/dealsync/dealsync/services/sandbox/internal/wire"
)

type fieldView struct {
	Name          string        `json:"field_name"`
	Code          string        `json:"field_code"`
	Description   *string       `json:"description"`
	Type          string        `json:"field_type"`
	Options       []fieldOption `json:"options"`
	Subfields     []subfield    `json:"subfields"`
	IsCustom      bool          `json:"is_custom_field"`
	IsOptional    bool          `json:"is_optional_response_field"`
	UIVisibility  any           `json:"ui_visibility,omitempty"`
	Important     any           `json:"important_fields,omitempty"`
	RequiredField any           `json:"required_fields,omitempty"`
}

type subfield struct {
	Code string `json:"field_code"`
	Name string `json:"field_name"`
	Type string `json:"field_type"`
}

func (s *Server) fieldRoutes(v2 func(string, rule, handler), e *entity) {
	scope := strings.TrimSuffix(e.scope, "s") + "-fields:full"
	read := []string{e.scope + ":read", e.scope + ":full", scope, "admin"}
	full := []string{scope, "admin"}
	base := "/" + e.name + "Fields"
	v2("GET "+base, rule{cost: 10, scopes: read}, func(c *call) *apiError { return c.listFields(e) })
	v2("POST "+base, rule{cost: 5, scopes: full}, func(c *call) *apiError { return c.createField(e) })
	v2("GET "+base+"/{code}", rule{cost: 1, scopes: read}, func(c *call) *apiError { return c.getField(e) })
	v2("PATCH "+base+"/{code}", rule{cost: 5, scopes: full}, func(c *call) *apiError { return c.patchField(e) })
	v2("DELETE "+base+"/{code}", rule{cost: 3, scopes: full}, func(c *call) *apiError { return c.deleteField(e) })
	v2("POST "+base+"/{code}/options", rule{cost: 5, scopes: full}, func(c *call) *apiError { return c.changeOptions(e, addOption) })
	v2("PATCH "+base+"/{code}/options", rule{cost: 5, scopes: full}, func(c *call) *apiError { return c.changeOptions(e, renameOption) })
	v2("DELETE "+base+"/{code}/options", rule{cost: 3, scopes: full}, func(c *call) *apiError { return c.changeOptions(e, dropOption) })
}

var nativeTypes = map[string]string{
	"value": "monetary", "currency": "varchar", "status": "status", "stage_id": "stage", "pipeline_id": "pipeline", "owner_id": "user",
	"creator_user_id": "user", "person_id": "people", "org_id": "org", "label_ids": "set", "visible_to": "visible_to",
	"emails": "varchar", "phones": "phone", "address": "address",
}

func (s *Server) nativeView(e *entity, n *native) fieldView {
	v := fieldView{Name: strings.ToUpper(n.name[:1]) + strings.ReplaceAll(n.name[1:], "_", " "), Code: n.name, Type: nativeTypes[n.name], IsOptional: n.optional}
	if v.Type == "" {
		v.Type = map[kindOf]string{text: "varchar", integer: "int", number: "double", boolean: "boolean", date: "date", instant: "date", ints: "set", raw: "varchar"}[n.kind]
	}
	if n.name == "value" && e.name == "deal" {
		v.Subfields = []subfield{{"value", "Amount of Value", "double"}, {"currency", "Currency of Value", "varchar"}}
	}
	return v
}

func (f *field) view(include []string) fieldView {
	v := fieldView{Name: f.Name, Code: f.Code, Type: f.Type, Options: f.Options, IsCustom: true}
	if f.Description != "" {
		v.Description = &f.Description
	}
	if slices.Contains(include, "ui_visibility") {
		v.UIVisibility = map[string]any{"add_visible_flag": false, "details_visible_flag": true, "projects_detail_visible_flag": false, "show_in_pipelines": map[string]any{"show_in_all": true, "pipeline_ids": []int{}}}
	}
	if slices.Contains(include, "important_fields") {
		v.Important = map[string]any{"enabled": false, "stage_ids": []int{}}
	}
	if slices.Contains(include, "required_fields") {
		v.RequiredField = map[string]any{"enabled": false, "stage_ids": []int{}, "statuses": map[string]any{}}
	}
	return v
}

func (c *call) listFields(e *entity) *apiError {
	include := wire.List(c.r, "include_fields")
	var all []fieldView
	for i := range e.natives {
		all = append(all, c.s.nativeView(e, &e.natives[i]))
	}
	for _, f := range e.fields.all() {
		all = append(all, f.view(include))
	}
	limit := defaultLimit
	if n, err := strconv.Atoi(c.r.URL.Query().Get("limit")); err == nil && n > 0 {
		limit = min(n, maxLimit)
	}
	from, _ := strconv.ParseInt(c.r.URL.Query().Get("cursor"), 36, 32) // none: from the start
	from = min(max(from, 0), int64(len(all)))
	page := all[from:min(int(from)+limit, len(all))]
	var next any
	if end := int(from) + len(page); end < len(all) {
		next = strconv.FormatInt(int64(end), 36)
	}
	wire.ReplyValue(c.w, 200, map[string]any{"success": true, "data": page, "additional_data": map[string]any{"next_cursor": next}})
	return nil
}

func (c *call) field(e *entity) (*field, *apiError) {
	if f := e.fields.get(c.r.PathValue("code")); f != nil {
		return f, nil
	}
	return nil, fail(404, "Field not found")
}

func (c *call) getField(e *entity) *apiError {
	if n := e.byName[c.r.PathValue("code")]; n != nil {
		return c.data(c.s.nativeView(e, n))
	}
	f, err := c.field(e)
	if err != nil {
		return err
	}
	return c.data(f.view(wire.List(c.r, "include_fields")))
}

type fieldInput struct {
	Name        *string `json:"field_name"`
	Type        string  `json:"field_type"`
	Description *string `json:"description"`
	Options     []struct {
		Label string `json:"label"`
	} `json:"options"`
}

func (c *call) createField(e *entity) *apiError {
	var in fieldInput
	if err := c.body(&in); err != nil {
		return err
	}
	f, err := c.s.addField(e, &in)
	if err != nil {
		return err
	}
	return c.data(f.view([]string{"ui_visibility", "important_fields", "required_fields"}))
}

func (s *Server) addField(e *entity, in *fieldInput) (*field, *apiError) {
	if in.Name == nil || *in.Name == "" {
		return nil, invalid("field_name: Required")
	}
	if !slices.Contains(fieldTypes, in.Type) {
		return nil, invalid("field_type: Invalid enum value, received '%s'", in.Type)
	}
	if (in.Type == "enum" || in.Type == "set") && len(in.Options) == 0 {
		return nil, invalid("options: Required for field type %s", in.Type)
	}
	f := &field{Name: *in.Name, Type: in.Type, Code: s.newCode(e)}
	set(&f.Description, in.Description)
	for _, o := range in.Options {
		f.Options = append(f.Options, fieldOption{ID: s.newOption(), Label: o.Label})
	}
	e.fields.put(f.Code, f)
	return f, nil
}

// newCode makes up the 40-character hash that names a custom field.
func (s *Server) newCode(e *entity) string {
	s.rngMu.Lock()
	n := s.rng.Uint64()
	s.rngMu.Unlock()
	sum := sha256.Sum256([]byte(e.name + strconv.FormatUint(n, 10)))
	return hex.EncodeToString(sum[:20])
}

func (s *Server) newOption() int64 { return s.lastOption.Add(1) }

func (c *call) patchField(e *entity) *apiError {
	f, err := c.field(e)
	if err != nil {
		return err
	}
	var in fieldInput
	if err := c.body(&in); err != nil {
		return err
	}
	next := *f
	set(&next.Name, in.Name)
	set(&next.Description, in.Description)
	e.fields.put(f.Code, &next)
	return c.data(next.view(nil))
}

func (c *call) deleteField(e *entity) *apiError {
	f, err := c.field(e)
	if err != nil {
		return err
	}
	e.fields.put(f.Code, nil)
	return c.data(f.view(nil))
}

// optionChange changes the options of a field by one sent item; it returns the
// item as it is shown, and false if there is no such option.
type optionChange func(c *call, f *field, in fieldOption) (fieldOption, bool)

func addOption(c *call, f *field, in fieldOption) (fieldOption, bool) {
	o := fieldOption{ID: c.s.newOption(), Label: in.Label}
	f.Options = append(f.Options, o)
	return o, in.Label != ""
}

func renameOption(_ *call, f *field, in fieldOption) (fieldOption, bool) {
	i := slices.IndexFunc(f.Options, func(o fieldOption) bool { return o.ID == in.ID })
	if i < 0 {
		return in, false
	}
	f.Options[i].Label = in.Label
	return f.Options[i], true
}

func dropOption(_ *call, f *field, in fieldOption) (fieldOption, bool) {
	i := slices.IndexFunc(f.Options, func(o fieldOption) bool { return o.ID == in.ID })
	if i < 0 {
		return in, false
	}
	o := f.Options[i]
	f.Options = slices.Delete(f.Options, i, i+1)
	return o, true
}

func (c *call) changeOptions(e *entity, change optionChange) *apiError {
	f, err := c.field(e)
	if err != nil {
		return err
	}
	var in []fieldOption
	if err := c.body(&in); err != nil {
		return err
	}
	if len(in) == 0 {
		return invalid("options: Array must contain at least 1 element(s)")
	}
	next := *f
	next.Options = slices.Clone(f.Options)
	out := []fieldOption{}
	for _, item := range in {
		o, ok := change(c, &next, item)
		if !ok {
			return fail(400, "Option %d not found or without a label", item.ID)
		}
		out = append(out, o)
	}
	e.fields.put(f.Code, &next)
	wire.ReplyValue(c.w, 200, map[string]any{"success": true, "data": out, "additional_data": nil})
	return nil
}
