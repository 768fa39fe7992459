package hubspot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealsync/dealsync/services/sandbox/internal/crm"
)

const maxText = 65536

// normal checks the text of a value against its property and brings it into
// the form in which HubSpot stores it. old is the value so far, which a value
// with a leading semicolon adds to.
func (p *Portal) normal(d *property, v, old string) (string, *badValue) {
	bad := func(code, format string, args ...any) (string, *badValue) {
		return "", &badValue{d.Name, code, fmt.Sprintf(format, args...)}
	}
	if v == "" {
		return "", nil
	}
	switch d.Type {
	case "number":
		if !isNumber(v) {
			return bad("INVALID_INTEGER", "%s was not a valid number", d.Name)
		}
	case "bool":
		if v = strings.ToLower(v); v != "true" && v != "false" {
			return bad("INVALID_OPTION", "%s was not one of the allowed options: [true, false]", v)
		}
	case "date", "datetime":
		ms, ok := parseTime(v)
		if !ok {
			return bad("INVALID_LONG", "%s was not a valid long.", v)
		}
		if d.Type == "datetime" {
			return crm.ISO(ms), nil
		}
		if ms%86400000 != 0 {
			return bad("INVALID_DATE", "%s is at %s; it should be at midnight UTC", v, crm.ISO(ms))
		}
		return time.UnixMilli(ms).UTC().Format(time.DateOnly), nil
	case "enumeration":
		return p.normalOption(d, v, old)
	default:
		if len(v) > maxText {
			return bad("PROPERTY_VALUE_TOO_LONG", "%s is longer than %d characters", d.Name, maxText)
		}
		if d.HasUniqueValue && d.Name == "email" {
			return strings.ToLower(v), nil
		}
	}
	return v, nil
}

func (p *Portal) normalOption(d *property, v, old string) (string, *badValue) {
	parts := []string{v}
	if d.FieldType == "checkbox" {
		parts = strings.Split(strings.Trim(v, ";"), ";")
	}
	for _, part := range parts {
		if code, msg := p.badOption(d, part); code != "" {
			return "", &badValue{d.Name, code, msg}
		}
	}
	if d.FieldType != "checkbox" {
		return v, nil
	}
	if strings.HasPrefix(v, ";") && old != "" {
		return old + ";" + strings.Join(parts, ";"), nil
	}
	return strings.Join(parts, ";"), nil
}

func (p *Portal) badOption(d *property, v string) (code, message string) {
	switch {
	case d.Name == "deal_currency_code":
		if !slices.Contains(p.money.Load().codes, v) {
			return "INVALID_OPTION", fmt.Sprintf("%q is not a part of the current effective currency codes for portal %d", v, p.id)
		}
		return "", ""
	case d.ReferencedObjectType == "OWNER":
		if p.owner(v) == nil {
			return "INVALID_OPTION", fmt.Sprintf("%s was not one of the allowed options: owner does not exist", v)
		}
		return "", ""
	case d.Name == "dealstage" || d.Name == "pipeline" || d.Name == "hubspot_team_id":
		return "", "" // looked at together, by checkStage
	}
	allowed := make([]string, len(d.Options))
	for i, o := range d.Options {
		if allowed[i] = o.Value; o.Value == v {
			return "", ""
		}
	}
	return "INVALID_OPTION", fmt.Sprintf("%s was not one of the allowed options: [%s]", v, strings.Join(allowed, ", "))
}

// isNumber follows HubSpot's rule: digits, one minus, one point.
func isNumber(v string) bool {
	v = strings.TrimPrefix(v, "-")
	whole, frac, point := strings.Cut(v, ".")
	if whole == "" && frac == "" || point && frac == "" && whole == "" {
		return false
	}
	for _, c := range whole + frac {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// parseTime reads epoch milliseconds, a date, or ISO 8601.
func parseTime(v string) (ms int64, ok bool) {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return n, true
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04:05.999Z0700", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}
