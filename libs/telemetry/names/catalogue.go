package names

// Kind is what an instrument does.
type Kind string

// The kinds in use.
const (
	Counter       Kind = "counter"         // only grows, since the process started
	UpDownCounter Kind = "up-down counter" // a sum that goes both ways
	Gauge         Kind = "gauge"           // what it is at the moment
	Histogram     Kind = "histogram"       // how often each size occurred
)

// Metric is what is known of a metric before anything is measured.
type Metric struct {
	Name    string
	Kind    Kind
	Unit    string // UCUM; {thing} counts things, s is seconds
	Meaning string
	Labels  []string
}

func by(labels ...string) []string { return labels }

// Metrics lists all metrics, by area.
var Metrics = []Metric{
	{BusPublished, Counter, "{message}", "Messages stored in a stage's stream.", by(Stage, Lane)},
	{BusConsumed, Counter, "{message}", "Messages handled to the end.", by(Stage, Lane)},
	{BusRetried, Counter, "{attempt}", "Attempts that failed and will be repeated.", by(Stage, Lane, ErrorType)},
	{BusParked, Counter, "{message}", "Messages given up and put aside for people.", by(Stage, Lane, ErrorType)},
	{BusInFlight, UpDownCounter, "{message}", "Messages this replica has in hand.", by(Stage, Lane)},
	{BusProcess, Histogram, "s", "Time that one attempt at a message took.", by(Stage, Lane)},
	{BusBacklog, Gauge, "{message}", "Messages of a stage waiting or in hand, in all replicas.", by(Stage)},
	{BusOldest, Gauge, "s", "Age of a stage's oldest message.", by(Stage)},
	{BusPartitions, Gauge, "{partition}", "Partitions of a stage that this replica owns.", by(Stage)},

	{APICalls, Counter, "{call}", "Calls of an app's API; without an answer they have " + ErrorType + " instead of a status.", by(App, Workspace, Connection, Op, Lane, HTTPStatus, ErrorType)},
	{APICall, Histogram, "s", "Time from sending a call to the head of its answer.", by(App, Workspace, Connection, Op)},
	{APIWait, Histogram, "s", "Time a call waited for the rate budget; calls that did not wait are not in it.", by(App, Workspace, Connection, Lane)},
	{APIPauses, Counter, "{pause}", "Times an app asked to wait (429), although the budget was kept.", by(App, Workspace, Connection)},
	{APIRetries, Counter, "{call}", "Quick repeats of failed work that is safe to repeat.", by(App, Workspace, Connection, Op)},
	{APISchemaReads, Counter, "{read}", "Reads of an object's schema.", by(App, Workspace, Connection)},
	{APIOddValues, Counter, "{value}", "Values from an app that are not of their field's type; they are left out.", by(App, Workspace, Connection)},

	{WebhookDeliveries, Counter, "{request}", "Webhook requests by what became of them: stored, or the code of the refusal.", by(App, Result)},
	{WebhookDuration, Histogram, "s", "Time from a webhook request to its answer.", by(App, Result)},

	{DetectorDetected, Counter, "{look}", "Looks at a record. Result: change; time (only an edit time moved); touch (nothing changed); gone (the app does not have it).", by(Cause, Result)},
	{DetectorReads, Counter, "{record}", "Records read by id because the news left a doubt.", by(Cause)},
	{DetectorIgnored, Counter, "{event}", "Events that concern nobody: unused (no sync of the object), unknown_account.", by(Reason)},
	{DetectorPages, Counter, "{page}", "Pages read by polls and backfills.", by(Scan)},

	{MapperMapped, Counter, "{record}", "Records mapped under a sync: eligible, deleted, matching (told again once all records of both sides are known), or why it is excluded or held.", by(Workspace, Sync, Verdict)},

	{ResolverEdits, Counter, "{edit}", "Edits by people, counted per field mapping.", by(Workspace, Sync)},
	{ResolverEchoes, Counter, "{edit}", "Own writes that came back as news and were dropped.", by(Workspace, Sync)},
	{ResolverStale, Counter, "{edit}", "News older than what was known.", by(Workspace, Sync)},
	{ResolverAsides, Counter, "{edit}", "News set aside until a write in flight was answered.", by(Workspace, Sync)},
	{ResolverConflicts, Counter, "{conflict}", "Conflicts decided.", by(Workspace, Sync, Winner, Reason)},
	{ResolverExcluded, Counter, "{record}", "Records that newly became excluded.", by(Workspace, Sync, Reason)},
	{ResolverWrites, Counter, "{write}", "Writes decided.", by(Workspace, Sync, Side, Op)},
	{ResolverRefreshes, Counter, "{record}", "Records asked for again; window_lost says that Redis had lost an edit's value.", by(Workspace, Sync, Side, Reason)},
	{ResolverFolded, Counter, "{message}", "News passed on to the pair that the record belongs to.", by(Workspace, Sync)},
	{ResolverDropped, Counter, "{message}", "News of syncs that do not exist any more.", by(Workspace, Sync)},

	{WriterWrites, Counter, "{write}", "Writes answered: written, or the code of the app's refusal.", by(App, Op, Result)},
	{WriterBatch, Histogram, "{record}", "Records written in one call.", by(App)},
	{WriterCall, Histogram, "s", "Time of a call that writes, its quick repeats included.", by(App)},
	{WriterEditLatency, Histogram, "s", "Time from taking an edit's news in to the answer of the app that it was written to.", by(App, Op, Result)},
}

// Attribute is what a label of a metric or an attribute of a span means.
type Attribute struct{ Name, Meaning string }

// Attributes lists all attributes.
var Attributes = []Attribute{
	{ErrorType, "Kind of an error, one of a dozen; it decides between retry and parking (libs/fault). For a call of an API: no_answer."},
	{HTTPMethod, "Method of a call."},
	{HTTPStatus, "Status of a call's answer."},
	{MessagingSystem, "nats."},
	{MessagingStream, "Stream that a message is in."},
	{MessagingTemplate, "Stage's subject without its ids."},
	{MessagingType, "send or process."},
	{MessagingID, "Message id; the same edit has the same id. Spans only."},
	{App, "Kind of app: hubspot, pipedrive. Empty where a webhook's address is not known."},
	{Attempt, "Which attempt at a message it is, from 1. Spans only."},
	{Cause, "Why a record was looked at: webhook, poll, backfill, refresh."},
	{Connection, "Name of the connection, as configured."},
	{ErrorCode, "Stable code of an error. Spans only."},
	{Key, "Key that orders a message: a record, pair or write. Spans only."},
	{Lane, "live, or bulk for backfills and repairs."},
	{Object, "deal, contact, company or another object. Spans only."},
	{Op, "Operation of an API (deals.update), or of a write (create, update, associate)."},
	{Reason, "Stable code of a reason; never a text with values."},
	{Result, "How it ended: a word for success, a stable code otherwise."},
	{Scan, "poll or backfill."},
	{Side, "hubspot or app."},
	{Stage, "notices, changes, proposals, writes, journal or parked."},
	{Sync, "Name of the sync, as configured."},
	{Verdict, "eligible, deleted, matching, or why a record is excluded or held (ambiguous_match)."},
	{Winner, "Side whose edit stands."},
	{Workspace, "Name of the workspace, as configured."},
}

// Span is a kind of span.
type Span struct {
	Name, Meaning string
	Attributes    []string
}

// Spans lists the kinds of spans. One edit is one trace, from webhook or poll
// to the write.
var Spans = []Span{
	{SpanWebhook, "A webhook request; the beginning of a trace. What the sender says of its own trace is a link only.", nil},
	{SpanPublish + "dealsync.<stage>", "Storing a message.", message},
	{SpanProcess + "dealsync.<stage>", "One attempt at a message; child of the span that stored it.", append(message[:len(message):len(message)], Attempt, ErrorType, ErrorCode)},
	{"<app> <operation>", "One call of an app's API.", by(App, Workspace, Connection, HTTPMethod, HTTPStatus, ErrorType)},
}

var message = by(MessagingSystem, MessagingStream, MessagingTemplate, MessagingType, MessagingID, Lane, Workspace, Connection, Object, Key)
