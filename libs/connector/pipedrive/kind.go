package pipedrive

import (
	"encoding/json"
	"sync/atomic"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
)

// kind is an object type as the API has it, and what is special about it.
type kind struct {
	object deal.Object
	// name is the entity in webhooks and field addresses, plural that in the
	// addresses of records.
	name, plural string
	// fields are the built-in fields that are presented.
	fields map[string]connector.Field
	// derive adds the fields that the API has in another form.
	derive func(r apiRecord, into deal.Fields)
	// composed are those fields where they are written; compose puts the API's
	// form into a body.
	composed map[string]bool
	compose  func(body map[string]any, d draft) error
	// readFirst are the composed fields that share what they are written to with
	// others: an update must know the record.
	readFirst map[string]bool
	// slots are the fields that hold associations.
	slots []slot
	// listsDeleted: the list can show deleted records.
	listsDeleted bool
}

// slot is a field that holds one associated record.
type slot struct {
	to    deal.Object
	field string
	// title is the app's word for the other record.
	title string
}

// draft is what a body is composed of. held is the record as it is now, read
// only for kind.readFirst.
type draft struct {
	fields deal.Fields
	create bool
	held   apiRecord
}

// kinds are the objects that are shared, in the manifest's order.
var kinds = []*kind{
	{
		object: deal.Deals, name: "deal", plural: "deals", fields: dealFields,
		derive: deriveDeal, composed: set(stageField), compose: composeDeal, listsDeleted: true,
		slots: []slot{{deal.Contacts, "person_id", "person"}, {deal.Companies, "org_id", "organization"}},
	},
	{
		object: deal.Contacts, name: "person", plural: "persons", fields: personFields,
		derive:    derivePerson,
		composed:  set(nameField, firstNameField, lastNameField, emailField, phoneField),
		compose:   composePerson,
		readFirst: set(firstNameField, lastNameField, emailField, phoneField),
		slots:     []slot{{deal.Companies, "org_id", "organization"}},
	},
	{
		object: deal.Companies, name: "organization", plural: "organizations", fields: organizationFields,
		derive: deriveOrganization, composed: set(domainField), compose: composeOrganization, readFirst: set(domainField),
	},
}

func set(names ...string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}

func (k *kind) path() string       { return "/api/v2/" + k.plural }
func (k *kind) fieldsPath() string { return "/api/v2/" + k.name + "Fields" }

func (k *kind) derived(r apiRecord) deal.Fields {
	f := deal.Fields{}
	k.derive(r, f)
	return f
}

// changed are the presented fields that a change of the API's fields in previous
// touches, given the record as it is now.
func (k *kind) changed(now, previous apiRecord) []string {
	var names []string
	before := make(apiRecord, len(now))
	for name, raw := range now {
		before[name] = raw
	}
	for name, raw := range previous {
		before[name] = raw
		if _, ok := k.fields[name]; ok {
			names = append(names, name)
		}
	}
	was, is := k.derived(before), k.derived(now)
	for name, v := range was {
		if is[name] != v {
			names = append(names, name)
		}
	}
	for name, v := range is {
		if _, ok := was[name]; !ok && v != "" {
			names = append(names, name)
		}
	}
	return names
}

// entity is a kind of record in one company, and what is known of its fields.
type entity struct {
	*kind
	shape atomic.Pointer[shape]
}

func newEntities() map[deal.Object]*entity {
	all := make(map[deal.Object]*entity, len(kinds))
	for _, k := range kinds {
		all[k.object] = &entity{kind: k}
	}
	return all
}

func (d *Driver) entity(object deal.Object) (*entity, error) {
	if e := d.entities[object]; e != nil {
		return e, nil
	}
	return nil, fault.New(fault.Invalid, "object_not_shared", "Pipedrive connections share deals, persons and organizations, not %q", object)
}

// named finds an entity by its name in webhooks; nil when it is not shared.
func (d *Driver) named(name string) *entity {
	for _, e := range d.entities {
		if e.name == name {
			return e
		}
	}
	return nil
}

// isNull says that a member is absent or null.
func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
