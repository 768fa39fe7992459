// Package connector is the one way to talk to apps. A Driver is what an app
// provides; Connector wraps it and adds, once for every app: canonical values,
// the shared rate budget, retry of what is safe to repeat, metrics and traces.
package connector

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
)

// Driver talks to one account of an app and says what its errors mean. It
// never retries and never waits; Connector does. Values go in and come out in
// the app's own field names, in the canonical form of their type (libs/deal).
// A driver is safe for concurrent use.
type Driver interface {
	// Describe declares what the app can do; it costs no call.
	Describe() Manifest
	// Schema reads the fields, pipelines and currency of an object.
	Schema(ctx context.Context, object deal.Object) (*Schema, error)
	// Read gets records by id, at most Manifest.ReadBatch of them. A record
	// that does not exist is left out; a deleted one has Deleted set.
	Read(ctx context.Context, object deal.Object, ids []string) ([]Record, error)
	// Scan reads one page of all records (zero Since), or of those modified at
	// or after Since, oldest first. Deleted records are included where the app
	// lists them.
	Scan(ctx context.Context, req ScanRequest) (Page, error)
	// Write applies up to Manifest.WriteBatch writes of one kind (all creates or
	// all updates) and answers one result for each, in order. Results carry
	// errors of their own, so that one bad record never fails its neighbours;
	// the returned error is for the call as a whole. A create whose
	// Write.PairKey exists already answers the existing record when the app has
	// a unique key (Manifest.UniqueKey).
	Write(ctx context.Context, object deal.Object, writes []Write) ([]Result, error)
	// FindCreated looks for records by pair key among those added since, in a
	// listing that is never behind (never a search index). It answers an id by
	// key.
	FindCreated(ctx context.Context, object deal.Object, keys []string, since time.Time) (map[string]string, error)
	// Provision makes sure that the pair key field exists. Repeating it changes
	// nothing.
	Provision(ctx context.Context, object deal.Object) error
	// Kind classifies an error that this driver returned.
	Kind(err error) fault.Kind
}

// Record is one record as the app gave it.
type Record struct {
	ID     string
	Fields deal.Fields
	// Edited is the time of each field's last edit, where the app tells
	// (Manifest.EditTimes); a field that is missing here was edited at Modified
	// or before.
	Edited   map[string]time.Time
	Created  time.Time
	Modified time.Time
	Deleted  bool
	// MergedInto is the surviving record's id when this one was merged away.
	MergedInto string
	// MergedFrom are the records that were merged into this one, where the app
	// tells.
	MergedFrom []string
}

// Reference names a record by its object and id.
type Reference struct {
	Object deal.Object
	ID     string
}

// ScanRequest asks for one page.
type ScanRequest struct {
	Object deal.Object
	// Since bounds by modification; zero reads everything.
	Since  time.Time
	Cursor string
	Limit  int
}

// Page is one page of records and where the next one starts.
type Page struct {
	Records []Record
	// Next is "" on the last page.
	Next string
	// Horizon is a time up to which a finished poll is certain to have seen
	// every change; the next poll may start there.
	Horizon time.Time
	// Total is the number of records in the whole scan, 0 when unknown.
	Total int
}

// Write is one write of one record.
type Write struct {
	// ID is the record; empty makes a create.
	ID string
	// PairKey marks a create, so that it can be found again.
	PairKey string
	Fields  deal.Fields
	// Associate are records to associate this one with. An association that is
	// there already stays as it is, and none is ever removed (R16).
	Associate []Reference
	// Cost class for the budget; set by the caller.
	Bulk bool
}

// Result is what became of one write.
type Result struct {
	ID string
	// Fields is what the app says the written fields hold now; it may hold more.
	Fields deal.Fields
	// Modified is the record's modification time after the write.
	Modified time.Time
	// Existed: a create met a record that has the pair key already.
	Existed bool
	// Refused are associations that could not be made, each with its error; the
	// others of Write.Associate are there now.
	Refused []RefusedReference
	// Conflict is the id of the record that keeps the app from creating another
	// one with the same unique value; Err is then fault.Rejected with
	// CodeExists.
	Conflict string
	Err      error
}

// CodeExists is the code of a create that the app refuses because it has a
// record with the same unique value, such as a contact with that e-mail address.
const CodeExists = "already_exists"

// RefusedReference is an association that could not be made.
type RefusedReference struct {
	Reference
	Err error
}

// Schema is an object's shape in one account.
type Schema struct {
	Object    deal.Object
	Fields    []Field
	Pipelines []Pipeline
	Owners    []Owner
	// Currency is the account's own, which a blank currency stands for;
	// Currencies are all that it accepts (empty: not known).
	Currency   string
	Currencies []string
	// Zone is the account's time zone, an IANA name; empty: not known.
	Zone   string
	ReadAt time.Time

	once   sync.Once
	byName map[string]deal.Type
}

// Field is one field of an object.
type Field struct {
	Name, Label string
	Type        deal.Type
	ReadOnly    bool
	Required    bool
	Unique      bool
	Options     []Option
	// Currency names the field that holds this amount's currency (R18).
	Currency string
}

// Option is one choice of a picklist.
type Option struct{ ID, Label string }

// Pipeline is an ordered list of stages.
type Pipeline struct {
	ID, Label string
	Stages    []Stage
}

// Stage is one stage. ID is the value that the object's stage field holds.
type Stage struct {
	ID, Label   string
	Closed, Won bool
	// Probability of winning, 0 to 1; negative where the app has none.
	Probability float64
}

// Owner is a user of the account.
type Owner struct {
	ID, Name, Email string
	Active          bool
}

// StageField is the name of the field that holds a deal's stage.
func (s *Schema) StageField() string {
	for i := range s.Fields {
		if s.Fields[i].Type == deal.Stage {
			return s.Fields[i].Name
		}
	}
	return ""
}

// Field finds a field by name; nil when the object has no such field.
func (s *Schema) Field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

// Action is what a webhook event says happened.
type Action uint8

// Actions of webhook events. Changed also says that the record is there: apps
// that announce a restored record as a change only have no Restored.
const (
	Changed Action = iota
	Created
	Deleted
	Restored
	Merged
)

// Event is one event of a webhook delivery.
type Event struct {
	Object deal.Object
	ID     string
	Action Action
	At     time.Time
	// Fields are the values that the event carries; Partial when it does not
	// carry the whole record. Values are raw until Connector has brought them
	// into canonical form.
	Fields  deal.Fields
	Partial bool
	// Touched names the fields that the event says changed; the others of
	// Fields are merely current. Empty: all of Fields. It may name what is not
	// in Fields, so that none of them is touched.
	Touched []string
	// Origin is who did it, as far as the source tells.
	Origin     deal.Origin
	MergedInto string
	// MergedFrom are the records that were merged into this one, where the event
	// tells.
	MergedFrom []string
	// Account is the portal or company the event belongs to.
	Account string
}

// WebhookRequest is a delivery as received, before anything is parsed.
type WebhookRequest struct {
	Method string
	// URL is the configured public address, as the app called it.
	URL    string
	Header http.Header
	Body   []byte
	Now    time.Time
}

// WebhookSecret is what a delivery is verified with.
type WebhookSecret struct {
	// Secret signs, or is the Basic password.
	Secret string
	// User is the Basic user, where the app knows no signatures.
	User string
	// DeveloperKey administers webhooks, where the app needs one.
	DeveloperKey string
}

// WebhookDriver is implemented by drivers whose app pushes changes.
type WebhookDriver interface {
	// VerifyWebhook proves the sender, in constant time, before any parsing.
	// It answers a key under which a replay can be known; "" when the app's
	// deliveries have none.
	VerifyWebhook(req WebhookRequest, secret WebhookSecret) (replayKey string, err error)
	// ParseWebhook reads a verified body. Errors are fault.Invalid; the events
	// that could be read come beside the error, so that an unknown event never
	// holds up its neighbours.
	ParseWebhook(body []byte) ([]Event, error)
	// Subscribe makes sure that url receives the events of the objects.
	// Repeating it changes nothing.
	Subscribe(ctx context.Context, url string, secret WebhookSecret, objects []deal.Object) error
}

// Account is what a driver is opened with.
type Account struct {
	BaseURL string
	// Version is the dated API version, where the app has one.
	Version string
	// ID is the portal or company; AppID and UserID are our own identity.
	ID, AppID, UserID string
	Tokens            TokenSource
	Client            *http.Client
	// Fields names fields that are wanted besides those that the driver gives
	// by default, asked for at each use; nil: none. Only apps whose answers must
	// be asked for field by field use it.
	Fields func(deal.Object) []string
}

// TokenSource gives access tokens. stale, when not empty, is a token that the
// app has just refused.
type TokenSource interface {
	Token(ctx context.Context, stale string) (Token, error)
}

// Token is an access token and how it is sent: "bearer" or "x-api-token".
type Token struct {
	Value, Scheme string
}

// Opener opens a driver for an account; each app's package exports one.
type Opener func(Account) (Driver, error)

// PipelineMaker is implemented by drivers that can make pipelines (R14).
type PipelineMaker interface {
	// CreatePipeline makes a pipeline with stages in the given order and answers
	// it with ids. Ids of p are ignored. One of the same label with the same
	// stage labels is answered instead of making a second; another one of that
	// label is fault.Rejected.
	CreatePipeline(ctx context.Context, object deal.Object, p Pipeline) (made Pipeline, existed bool, err error)
}

// Searcher is implemented by drivers whose app can search by conditions (R11).
type Searcher interface {
	// Search answers some records that meet the conditions and how many there
	// are. A condition that the app can't search by is fault.Invalid with
	// CodeUnsearchable; then the caller reads and filters by itself. Search
	// indexes lag behind: never decide from one that a record does not exist.
	Search(ctx context.Context, object deal.Object, group filter.Group, limit int) (found []Record, total int, err error)
}

// CodeUnsearchable is the code of conditions that an app can't search by.
const CodeUnsearchable = "not_searchable"
