// Package deal is the vocabulary that every part shares: sides, objects,
// values in canonical form and their fingerprints. It does no I/O.
package deal

import "strings"

// Side is one of the two sides of a sync.
type Side uint8

// The two sides. HubSpot comes first wherever an order is needed.
const (
	NoSide Side = iota
	HubSpot
	App
)

// Other is the opposite side.
func (s Side) Other() Side {
	switch s {
	case HubSpot:
		return App
	case App:
		return HubSpot
	default:
		return NoSide
	}
}

// String is the side's name in keys, journals and configuration.
func (s Side) String() string {
	switch s {
	case HubSpot:
		return "hubspot"
	case App:
		return "app"
	default:
		return "none"
	}
}

// Origin is who made a change, as far as its source tells.
type Origin uint8

// Origins. Only a source that is sure says Ours or Others.
const (
	UnknownOrigin Origin = iota
	Ours
	Others
)

// Object is a kind of record, in our terms.
type Object string

// Objects that can be synced.
const (
	Deals     Object = "deal"
	Contacts  Object = "contact"
	Companies Object = "company"
)

// Family are all objects, in the order in which they are read, planned and
// paired: what others are associated with comes first (R16).
func Family() []Object { return []Object{Companies, Contacts, Deals} }

// Plural is the object's name for several: "companies".
func (o Object) Plural() string {
	if stem, ok := strings.CutSuffix(string(o), "y"); ok {
		return stem + "ies"
	}
	return string(o) + "s"
}

// Type is a field's type, of the type compatibility table in the
// specification, and the canonical text form of its values.
type Type string

// Field types. The canonical form of a blank value of any type is "".
const (
	// Text is any text, as it is.
	Text Type = "text"
	// Number is a decimal without exponent, leading or trailing zeros.
	Number Type = "number"
	// Date is YYYY-MM-DD.
	Date Type = "date"
	// Datetime is RFC 3339 in UTC, with milliseconds when they are not zero.
	Datetime Type = "datetime"
	// Bool is true or false.
	Bool Type = "boolean"
	// Picklist is one option's id.
	Picklist Type = "picklist"
	// Multi is several option ids, sorted, joined by ";".
	Multi Type = "multi_picklist"
	// Owner is the id of a user of that side.
	Owner Type = "owner"
	// Stage is a stage's id: in HubSpot the stage id itself, in an app
	// "pipeline/stage", with "won" and "lost" as stages where it has a status.
	Stage Type = "stage"
	// Reference is the ids of other records, sorted, joined by ";" (Refs). It
	// travels as associations, never as a field mapping.
	Reference Type = "reference"
)

// PairKeyField is the custom field in which a created record carries its pair
// id, so that a create can be repeated without a second record (N2).
const PairKeyField = "dealsync_pair_id"
