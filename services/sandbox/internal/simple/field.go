package simple

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

// field is one field as the API shows it. Values of every type travel as text;
// null and "" are blank.
type field struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Type       string   `json:"type"`
	ReadOnly   bool     `json:"read_only,omitempty"`
	Required   bool     `json:"required,omitempty"`
	Options    []option `json:"options,omitempty"`
	References string   `json:"references,omitempty"` // object type of a reference
	Currency   string   `json:"currency,omitempty"`   // field with the currency of an amount
}

type option struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

var types = []string{"text", "number", "boolean", "date", "datetime", "picklist", "multi_picklist", "owner", "reference", "currency"}

func standardFields(plural string) []field {
	switch plural {
	case "orders":
		return []field{
			{Name: "title", Label: "Title", Type: "text", Required: true},
			{Name: "amount", Label: "Amount", Type: "number", Currency: "currency"},
			{Name: "currency", Label: "Currency", Type: "currency"},
			{Name: "due_date", Label: "Due date", Type: "date"},
			{Name: "paid", Label: "Paid", Type: "boolean"},
			{Name: "channel", Label: "Channel", Type: "picklist", Options: []option{{"web", "Web shop"}, {"phone", "Phone"}, {"fair", "Trade fair"}}},
			{Name: "notes", Label: "Notes", Type: "text"},
			{Name: "owner", Label: "Owner", Type: "owner"},
			{Name: "contact", Label: "Contact", Type: "reference", References: "contacts"},
		}
	case "contacts":
		return []field{
			{Name: "first_name", Label: "First name", Type: "text"},
			{Name: "last_name", Label: "Last name", Type: "text"},
			{Name: "email", Label: "E-mail", Type: "text"},
			{Name: "phone", Label: "Phone", Type: "text"},
			{Name: "birthday", Label: "Birthday", Type: "date"},
			{Name: "company", Label: "Company", Type: "reference", References: "companies"},
		}
	default:
		return []field{
			{Name: "name", Label: "Name", Type: "text", Required: true},
			{Name: "domain", Label: "Domain", Type: "text"},
			{Name: "city", Label: "City", Type: "text"},
			{Name: "employees", Label: "Employees", Type: "number"},
		}
	}
}

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// normal checks a value and brings it into the form in which it is stored.
func (a *account) normal(f *field, v string) (string, *apiError) {
	ok := true
	switch f.Type {
	case "number":
		ok = decimal.MatchString(v)
	case "boolean":
		ok = v == "true" || v == "false"
	case "date":
		_, err := time.Parse(time.DateOnly, v)
		ok = err == nil
	case "datetime":
		at, err := time.Parse(time.RFC3339Nano, v)
		v, ok = crm.ISO(at.UnixMilli()), err == nil
	case "currency":
		ok = slices.Contains(a.settings.Load().Currencies, v)
	case "picklist":
		ok = f.has(v)
	case "multi_picklist":
		parts := strings.Split(v, ";")
		slices.Sort(parts)
		v = strings.Join(slices.Compact(parts), ";")
		ok = !slices.ContainsFunc(parts, func(p string) bool { return !f.has(p) })
	case "owner":
		ok = a.hasUser(v)
	case "reference":
		id, _ := strconv.ParseInt(v, 10, 64) // not a number: no record has id 0
		r := a.objects[f.References].table.Get(id)
		ok = r != nil && !r.Archived
	}
	if !ok {
		return "", badField(f.Name, "%q is no %s that %s takes", v, f.Type, f.Name)
	}
	return v, nil
}

func (f *field) has(id string) bool {
	return slices.ContainsFunc(f.Options, func(o option) bool { return o.ID == id })
}
