// Package connectortest holds drivers to what they declare. Run is one suite for
// all of them; each driver's harness connects it to a double of its app. Replay
// serves recorded exchanges to a driver's own tests.
package connectortest

import (
	"testing"
	"time"

	"github.com/dealsync/dealsync/libs/connector"
	"github.com/dealsync/dealsync/libs/deal"
)

// Features are what the app promises; the suite holds the driver to exactly
// that.
type Features struct {
	// UniqueKey: repeating a create makes no second record.
	UniqueKey bool
	// EditTimes: reads tell when each field was edited.
	EditTimes bool
	// Deletes: scans show what was deleted.
	Deletes bool
	// Webhooks: the app pushes changes and tells whose they are.
	Webhooks bool
}

// Harness connects the suite to one account of a double. Its methods fail the
// test when they can't do what is asked.
type Harness interface {
	// Open makes a new connector on the account.
	Open(t *testing.T, o Options) *connector.Connector
	// Sample are field names and values that the account takes.
	Sample() Sample

	// Create, Edit, Delete, Restore and Merge are done by a person in the app.
	Create(t *testing.T, fields deal.Fields) (id string)
	Edit(t *testing.T, id string, fields deal.Fields)
	Delete(t *testing.T, id string)
	Restore(t *testing.T, id string)
	// Merge makes one record of two and answers the survivor, which may be a
	// new one.
	Merge(t *testing.T, primary, other string) (survivor string)

	// Fail makes the next calls of a kind go wrong.
	Fail(t *testing.T, f Fault)
	// Secret is what deliveries are verified with.
	Secret() connector.WebhookSecret
}

// Options of a connector that a harness opens; zero: as it should be.
type Options struct {
	// Tokens replaces the good token.
	Tokens connector.TokenSource
	Limits func(connector.Budget) connector.Limiter
}

// Sample are fields and values of an account.
type Sample struct {
	// Base are values that every create needs, in canonical form.
	Base deal.Fields
	// Text, Number and Date name writable fields of these types.
	Text, Number, Date string
	// Stages are two values of the stage field.
	Stages [2]deal.Fields
	// Bad is a value that the app itself refuses, for any record.
	Bad deal.Fields
	// WrongToken is a token source that the app refuses.
	WrongToken connector.TokenSource
}

// Fault is something that goes wrong in the app.
type Fault struct {
	Kind FaultKind
	// Creates limits the fault to calls that create.
	Creates bool
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

// suite is one run.
type suite struct {
	h      Harness
	f      Features
	sample Sample
	c      *connector.Connector
}

// Run holds a driver, through the Connector around it, to the features that it
// declares. Subtests run one after the other: faults are the account's.
func Run(t *testing.T, h Harness, f Features) {
	s := &suite{h: h, f: f, sample: h.Sample(), c: h.Open(t, Options{})}
	for _, c := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"the manifest declares what the suite is told", s.manifest},
		{"the schema has typed fields, pipelines and a currency", s.schema},
		{"provisioning twice changes nothing", s.provision},
		{"a create gives a record that reads back", s.create},
		{"a repeated create makes a second record only where no key is declared", s.createTwice},
		{"created records are found by their key", s.findCreated},
		{"many records are read at once and missing ones left out", s.readMany},
		{"edit times are those of each field", s.editTimes},
		{"an update changes what it names and nothing else", s.update},
		{"a stage moves", s.stage},
		{"a blank clears a field", s.clear},
		{"a refused value never fails the neighbours", s.reject},
		{"a missing record is not found", s.updateMissing},
		{"a scan reads every record", s.scanAll},
		{"a scan since a time reads what changed, however late it shows", s.scanSince},
		{"a deleted record is seen as deleted", s.deleted},
		{"deliveries are verified, parsed and say whose change it was", s.webhooks},
		{"a merged record is gone, into its survivor", s.merged},
		{"subscribing twice changes nothing", s.subscribeTwice},
		{"a rate limit is obeyed by everyone", s.rateLimit},
		{"a passing failure is tried again", s.unavailable},
		{"a wrong token is an auth error", s.wrongToken},
		{"a create without an answer makes one record", s.silentCreate},
	} {
		t.Run(c.name, c.run)
	}
}

// fields are the sample's base with changes on top.
func (s *suite) fields(changes ...string) deal.Fields {
	f := deal.Fields{}
	for name, v := range s.sample.Base {
		f[name] = v
	}
	for i := 0; i+1 < len(changes); i += 2 {
		f[changes[i]] = changes[i+1]
	}
	return f
}
