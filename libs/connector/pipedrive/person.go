package pipedrive

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// reach is one e-mail address or phone number of a person.
type reach struct {
	Value   string `json:"value"`
	Primary bool   `json:"primary"`
	Label   string `json:"label,omitempty"`
}

// reachLists are the API's lists behind the presented fields.
var reachLists = map[string]string{emailField: "emails", phoneField: "phones"}

func reaches(raw json.RawMessage) (all []reach, err error) {
	if isNull(raw) {
		return nil, nil
	}
	err = json.Unmarshal(raw, &all)
	return all, err
}

// primary is the index of the primary one, the first where none is marked; -1
// when there are none.
func primary(all []reach) int {
	if i := slices.IndexFunc(all, func(r reach) bool { return r.Primary }); i >= 0 {
		return i
	}
	return min(len(all), 1) - 1
}

// withPrimary gives a person another primary address or number and keeps the
// others. One that is there already becomes the primary one and the former
// stays; blank removes the primary one, and the next takes its place.
func withPrimary(held []reach, v string) []reach {
	all := slices.Clone(held)
	at := slices.IndexFunc(all, func(r reach) bool { return strings.EqualFold(r.Value, v) })
	switch was := primary(all); {
	case v == "" && was >= 0:
		all, at = slices.Delete(all, was, was+1), 0
	case v == "":
	case at >= 0:
		all[at].Value = v
	case was >= 0:
		all[was].Value, at = v, was
	default:
		all, at = append(all, reach{Value: v, Label: "work"}), 0
	}
	for i := range all {
		all[i].Primary = i == at
	}
	if all == nil {
		all = []reach{}
	}
	return all
}

// derivePerson shows the primary address and number. A person whose name is the
// e-mail address has none: the address stands in for it.
func derivePerson(r apiRecord, into deal.Fields) {
	for field, name := range reachLists {
		all, err := reaches(r[name])
		if r[name] == nil || err != nil {
			continue
		}
		into[field] = ""
		if i := primary(all); i >= 0 {
			into[field] = all[i].Value
			if field == emailField { // as HubSpot keeps them: case makes no other address
				into[field] = strings.ToLower(all[i].Value)
			}
		}
	}
	if name := r.text(nameField); name != "" && strings.EqualFold(name, into[emailField]) {
		into[firstNameField], into[lastNameField] = "", ""
	} else {
		for _, part := range []string{firstNameField, lastNameField} {
			if r[part] != nil {
				into[part] = r.text(part)
			}
		}
	}
}

func composePerson(body map[string]any, d draft) error {
	for field, name := range reachLists {
		v, ok := d.fields[field]
		if !ok || d.create && v == "" {
			continue
		}
		held, err := reaches(d.held[name])
		if err != nil {
			return fault.Wrap(fault.Transient, "malformed_answer", fmt.Errorf("decode the %s of a person: %w", name, err))
		}
		body[name] = withPrimary(held, v)
	}
	if name := personName(d); name != "" {
		body[nameField] = name
	}
	return nil
}

// personName is the name to write, blank to leave it: the API takes the whole
// name only and makes first and last name of it. Every person must have one, so
// without any the e-mail address stands in.
func personName(d draft) string {
	if name := d.fields[nameField]; name != "" {
		return name
	}
	held := deal.Fields{}
	derivePerson(d.held, held)
	first, hasFirst := d.fields[firstNameField]
	last, hasLast := d.fields[lastNameField]
	if !hasFirst {
		first = held[firstNameField]
	}
	if !hasLast {
		last = held[lastNameField]
	}
	name := strings.TrimSpace(strings.TrimSpace(first) + " " + strings.TrimSpace(last))
	email, hasEmail := d.fields[emailField]
	standsIn := hasEmail && strings.EqualFold(d.held.text(nameField), held[emailField])
	switch {
	case name == "" && (d.create || hasFirst || hasLast || standsIn):
		return cmp.Or(email, held[emailField])
	case hasFirst || hasLast:
		return name
	default:
		return ""
	}
}
