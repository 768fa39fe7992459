// Package connectortest holds drivers to what they declare. Run is one suite for
// all of them; each driver's harness connects it to a double of its app. Replay
// serves recorded exchanges to a driver's own tests.
package connectortest

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// Features are what the app promises beside its manifest; the suite holds the
// driver to exactly that.
type Features struct {
	// UniqueKey: repeating a create makes no second record.
	UniqueKey bool
	// EditTimes: reads tell when each field was edited.
	EditTimes bool
	// Webhooks: the app pushes changes and tells whose they are.
	Webhooks bool
	// MergedFrom: a record tells which ones were merged into it.
	MergedFrom bool
	// Owners: the account has users that records can be assigned to.
	Owners bool
	// Pipelines: the driver makes pipelines of deals.
	Pipelines bool
	// Search: the driver searches by conditions.
	Search bool
}

// Harness connects the suite to one account of a double. Its methods fail the
// test when they can't do what is asked.
type Harness interface {
	// Open makes a new connector on the account.
	Open(t *testing.T, o Options) *connector.Connector
	// Sample are field names and values that the account takes, for an object
	// that the app shares.
	Sample(object deal.Object) Sample

	// Create, Edit, Delete, Restore, Merge and Associate are done by a person in
	// the app.
	Create(t *testing.T, object deal.Object, fields deal.Fields) (id string)
	Edit(t *testing.T, of connector.Reference, fields deal.Fields)
	Delete(t *testing.T, of connector.Reference)
	Restore(t *testing.T, of connector.Reference)
	// Merge makes one record of two and answers the survivor, which may be a
	// new one.
	Merge(t *testing.T, object deal.Object, primary, other string) (survivor string)
	// Associate is asked for associations that the manifest names.
	Associate(t *testing.T, from, to connector.Reference)

	// Fail makes the next calls of a kind go wrong.
	Fail(t *testing.T, f Fault)
	// Secret is what deliveries are verified with; only of apps with webhooks.
	Secret() connector.WebhookSecret
}

// Options of a connector that a harness opens; zero: as it should be.
type Options struct {
	// Tokens replaces the good token.
	Tokens connector.TokenSource
	Limits func(connector.Budget) connector.Limiter
	// Fields is the account's (connector.Account).
	Fields func(deal.Object) []string
}

// Sample are fields and values of an object. Fields that the app has no such
// thing for stay empty; Base, Text, Other and Bad are always there.
type Sample struct {
	// Base are values that every create needs, in canonical form.
	Base deal.Fields
	// Text and Other name two writable texts; Other takes any host name.
	Text, Other string
	// Number and Date name writable fields of these types.
	Number, Date string
	// Stages are two values of the stage field.
	Stages []deal.Fields
	// Bad is a value that the app itself refuses, for any record.
	Bad deal.Fields
	// Unique names the field, an e-mail address, whose values the app keeps
	// apart: it refuses a second record with one.
	Unique string
	// Found are values that no other record has and that can be searched by.
	Found deal.Fields
	// DeletedUnlisted: the app lists no deleted records; they can only be read.
	DeletedUnlisted bool
	// WrongToken is a token source that the app refuses.
	WrongToken connector.TokenSource
}

// Fault is something that goes wrong in the app.
type Fault struct {
	Kind FaultKind
	// Creates limits the fault to calls that create records of an object.
	Creates deal.Object
	// Count is how many calls it hits.
	Count int
}

// FaultKind is what goes wrong.
type FaultKind uint8

// Kinds of faults.
const (
	// RateLimit refuses with 429 and asks to wait a second.
	RateLimit FaultKind = iota
	// Unavailable answers 502 with an HTML page.
	Unavailable
	// CommitThenSilence does the work and closes without an answer.
	CommitThenSilence
)

// patience is how long the suite waits for what an app does in its own time.
const patience = 20 * time.Second

// suite is one run over one object.
type suite struct {
	h        Harness
	f        Features
	c        *connector.Connector
	manifest connector.Manifest
	object   deal.Object
	sample   Sample
}

type step struct {
	name string
	run  func(*testing.T)
}

// Run holds a driver, through the Connector around it, to its manifest and to the
// features that it declares, for every object that it shares. Subtests run one
// after the other: faults are the account's.
func Run(t *testing.T, h Harness, f Features) {
	s := &suite{h: h, f: f}
	s.c = h.Open(t, Options{Fields: s.wanted})
	s.manifest = s.c.Manifest()
	if len(s.manifest.Shared) == 0 {
		t.Fatal("the manifest shares no object")
	}
	s.of(s.manifest.Shared[0].Object).steps(t, []step{
		{"the manifest declares what the suite is told", s.declared},
		{"an object that is not shared is refused", s.unshared},
	})
	for _, object := range s.manifest.Objects() {
		one := s.of(object)
		t.Run(string(object), func(t *testing.T) { one.steps(t, one.plan()) })
	}
}

func (s *suite) of(object deal.Object) *suite {
	one := *s
	one.object, one.sample = object, s.h.Sample(object)
	return &one
}

func (s *suite) steps(t *testing.T, steps []step) {
	t.Helper()
	for _, c := range steps {
		t.Run(c.name, c.run)
	}
}

// wanted are the fields that syncs would ask the account for.
func (s *suite) wanted(object deal.Object) []string {
	fields := []string{s.h.Sample(object).Text}
	for _, a := range s.manifest.Associations {
		if a.From == object {
			fields = append(fields, a.Field)
		}
	}
	return fields
}

func (s *suite) plan() []step {
	return []step{
		{"the schema has what the manifest says", s.schema},
		{"the schema has typed fields", s.types},
		{"the schema has pipelines and a currency where it should", s.pipelines},
		{"the schema has the account's users", s.owners},
		{"provisioning twice changes nothing", s.provision},
		{"a create gives a record that reads back", s.create},
		{"a repeated create makes a second record only where no key is declared", s.createTwice},
		{"created records are found by their key", s.findCreated},
		{"a create that another record stands in the way of names it", s.conflict},
		{"many records are read at once and missing ones left out", s.readMany},
		{"edit times are those of each field", s.editTimes},
		{"an update changes what it names and nothing else", s.update},
		{"a stage moves", s.stage},
		{"a blank clears a field", s.clear},
		{"a refused value never fails the neighbours", s.reject},
		{"a missing record is not found", s.updateMissing},
		{"associations are read and made, and never doubled", s.associations},
		{"a scan reads every record", s.scanAll},
		{"a scan since a time reads what changed, however late it shows", s.scanSince},
		{"a search counts what a scan finds", s.search},
		{"a pipeline is made once", s.makePipeline},
		{"a deleted record is seen as deleted", s.deleted},
		{"deliveries are verified, parsed and say whose change it was", s.webhooks},
		{"a merged record is gone, into its survivor", s.merged},
		{"subscribing twice changes nothing", s.subscribeTwice},
		{"a rate limit is obeyed by everyone", s.rateLimit},
		{"a passing failure is tried again", s.unavailable},
		{"a wrong token is an auth error", s.wrongToken},
		{"a create without an answer makes one record", s.silentCreate},
	}
}

// fields are the sample's base with changes on top.
func (s *suite) fields(changes ...string) deal.Fields {
	f := maps.Clone(s.sample.Base)
	for i := 0; i+1 < len(changes); i += 2 {
		f[changes[i]] = changes[i+1]
	}
	return f
}

// edited is the field that tests edit: a number where there is one, since its
// form may change on the way.
func (s *suite) edited() string {
	if s.sample.Number != "" {
		return s.sample.Number
	}
	return s.sample.Other
}

// value is the n-th value of the edited field.
func (s *suite) value(n int) string {
	if s.sample.Number != "" {
		return strconv.Itoa(n)
	}
	return "v" + strconv.Itoa(n) + ".example"
}

func (s *suite) edit(n int) deal.Fields { return deal.Fields{s.edited(): s.value(n)} }

// person makes a record as a person does.
func (s *suite) person(t *testing.T, changes ...string) string {
	t.Helper()
	return s.h.Create(t, s.object, s.fields(changes...))
}

func (s *suite) ref(id string) connector.Reference {
	return connector.Reference{Object: s.object, ID: id}
}
