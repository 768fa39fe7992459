package demo

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// record is a record as a double shows it.
type record struct {
	ID           int64            `json:"id"`
	Fields       map[string]value `json:"fields"`
	Associations map[string]ids   `json:"associations"` // HubSpot's, by object
	Created      int64            `json:"created"`
	Deleted      bool             `json:"deleted"`
	History      []happening      `json:"history"`
}

// happening is one change of one field.
type happening struct {
	Field string `json:"field"`
	Value value  `json:"value"`
	At    int64  `json:"at"`
}

// value is a JSON value as text; null and "" are both blank. A list of addresses
// is the primary one.
type value string

// UnmarshalJSON takes any JSON value.
func (v *value) UnmarshalJSON(raw []byte) error {
	var s string
	var list []address
	switch {
	case json.Unmarshal(raw, &s) == nil: // null is left blank
		*v = value(s)
	case json.Unmarshal(raw, &list) == nil:
		*v = ""
		for _, a := range list {
			if a.Primary {
				*v = value(a.Value)
			}
		}
	default:
		*v = value(raw)
	}
	return nil
}

// address is one of a person's e-mail addresses or phone numbers in Pipedrive.
type address struct {
	Value   string `json:"value"`
	Primary bool   `json:"primary"`
}

// ids are record ids as text.
type ids []string

// UnmarshalJSON takes a list of numbers.
func (l *ids) UnmarshalJSON(raw []byte) error {
	var numbers []json.Number
	if err := json.Unmarshal(raw, &numbers); err != nil {
		return fmt.Errorf("ids: %w", err)
	}
	for _, n := range numbers {
		*l = append(*l, n.String())
	}
	return nil
}

// lists are Pipedrive's names of what documents call by the primary one.
var lists = map[string]string{"emails": "email", "phones": "phone"}

// present adds what documents call by another name than Pipedrive does.
func (r *record) present() {
	for list, name := range lists {
		if v, ok := r.Fields[list]; ok {
			r.Fields[name] = v
		}
	}
	if site, ok := r.Fields["website"]; ok {
		r.Fields["domain"] = domain(string(site))
	}
	for i := range r.History {
		if name := lists[r.History[i].Field]; name != "" {
			r.History[i].Field = name
		}
	}
}

func domain(site string) value {
	u, err := url.Parse(site)
	if err != nil {
		return ""
	}
	return value(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."))
}

// typed is what a person enters in Pipedrive for values that documents call by
// another name.
func typed(f fields) fields {
	t := fields{}
	for name, v := range f {
		t[name] = v
		for list, one := range lists {
			if name == one {
				delete(t, name)
				t[list] = []address{{Value: fmt.Sprint(v), Primary: true}}
			}
		}
	}
	return t
}
