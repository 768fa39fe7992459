package deal

// Row is one row of the type compatibility table: a type of HubSpot property.
type Row struct {
	// Name is the type in HubSpot's words.
	Name string
	Type Type
	// ReadOnly: values of such a property are HubSpot's to make, never ours.
	ReadOnly bool
	// Cells are the ways to the app's types, in the order of Table's columns.
	Cells []Ways
}

var appTypes = []Type{Text, Number, Date, Datetime, Bool, Picklist, Owner}

// rows are the table of the specification (R12), in its order and signs: two-way,
// only to HubSpot, only to the app, not allowed. Stages and references are no
// part of it: stages travel by the pipeline mapping, references as associations.
var rows = func() []Row {
	const b, h, a, n = BothWays, ToHubSpot, ToApp, NoWay
	return []Row{
		//                                           text number date datetime boolean picklist owner
		{"text", Text, false, []Ways{b, h, h, h, h, h, h}},
		{"number", Number, false, []Ways{a, b, n, n, n, n, n}},
		{"date", Date, false, []Ways{a, n, b, b, n, n, n}},
		{"datetime", Datetime, false, []Ways{a, n, b, b, n, n, n}},
		{"single checkbox", Bool, false, []Ways{a, n, n, n, b, n, n}},
		{"radio, dropdown", Picklist, false, []Ways{a, n, n, n, n, b, n}},
		{"multiple checkboxes", Multi, false, []Ways{a, n, n, n, n, n, n}},
		{"calculated, score (read-only)", Number, true, []Ways{a, a, n, n, n, n, n}},
		{"owner", Owner, false, []Ways{a, n, n, n, n, n, b}},
	}
}()

// Table is the type compatibility table: the app's types, and a row for each
// type of HubSpot property. Callers never modify it.
func Table() (columns []Type, hubspot []Row) { return appTypes, rows }

// Compatible tells which ways values may travel between a HubSpot property and
// a field of the app by their types alone; that a field is read-only, or that
// the sync goes one way, takes more away.
func Compatible(hubspot, app Type) Ways {
	for _, r := range rows {
		if r.Type != hubspot || r.ReadOnly {
			continue
		}
		for i, t := range appTypes {
			if t == app {
				return r.Cells[i]
			}
		}
	}
	return NoWay
}
