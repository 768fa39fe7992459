// Package names holds the name of every metric, span and attribute in one
// place, and what each means: the page for operators is made from it, and the
// instruments take unit and description from it. It is a leaf and measures
// nothing: packages as low as the bus use it without taking the exporters of
// libs/telemetry with it.
//
// Metrics are dealsync.<area>.<what>. Attributes follow OpenTelemetry's semantic
// conventions where there is one, and are dealsync.<thing> otherwise. No label
// of a metric may hold the id of a record or a pair: there are millions.
package names

// Instrumentation scopes: the package that measures.
const (
	module = "github.com/dealsync/dealsync/"

	ScopeBus       = module + "libs/bus"
	ScopeConnector = module + "libs/connector"
	ScopeIngest    = module + "services/webhook-ingest"
	ScopeDetector  = module + "services/change-detector"
	ScopeMapper    = module + "services/mapper"
	ScopeResolver  = module + "services/conflict-resolver"
	ScopeWriter    = module + "services/writer"
)

// Metrics of the bus: what every stage does with its messages.
const (
	BusPublished  = "dealsync.bus.published"
	BusConsumed   = "dealsync.bus.consumed"
	BusRetried    = "dealsync.bus.retried"
	BusParked     = "dealsync.bus.parked"
	BusInFlight   = "dealsync.bus.in_flight"
	BusProcess    = "dealsync.bus.process.duration"
	BusBacklog    = "dealsync.bus.backlog"
	BusOldest     = "dealsync.bus.oldest.age"
	BusPartitions = "dealsync.bus.partitions"
)

// Metrics of the connectors: calls of the apps' APIs.
const (
	APICalls       = "dealsync.api.calls"
	APICall        = "dealsync.api.call.duration"
	APIWait        = "dealsync.api.wait.duration"
	APIPauses      = "dealsync.api.pauses"
	APIRetries     = "dealsync.api.retries"
	APISchemaReads = "dealsync.api.schema_reads"
	APIOddValues   = "dealsync.api.odd_values"
)

// Metrics of webhook-ingest.
const (
	WebhookDeliveries = "dealsync.webhook.deliveries"
	WebhookDuration   = "dealsync.webhook.duration"
)

// Metrics of change-detector.
const (
	DetectorDetected = "dealsync.detector.detected"
	DetectorReads    = "dealsync.detector.reads"
	DetectorIgnored  = "dealsync.detector.ignored"
	DetectorPages    = "dealsync.detector.pages"
)

// Metrics of mapper.
const (
	MapperMapped = "dealsync.mapper.mapped"
)

// Metrics of conflict-resolver.
const (
	ResolverEdits     = "dealsync.resolver.edits"
	ResolverEchoes    = "dealsync.resolver.echoes"
	ResolverStale     = "dealsync.resolver.stale"
	ResolverAsides    = "dealsync.resolver.asides"
	ResolverConflicts = "dealsync.resolver.conflicts"
	ResolverExcluded  = "dealsync.resolver.excluded"
	ResolverWrites    = "dealsync.resolver.writes"
	ResolverRefreshes = "dealsync.resolver.refreshes"
	ResolverFolded    = "dealsync.resolver.folded"
	ResolverDropped   = "dealsync.resolver.dropped"
)

// Metrics of writer.
const (
	WriterWrites      = "dealsync.writer.writes"
	WriterBatch       = "dealsync.writer.batch.size"
	WriterCall        = "dealsync.writer.call.duration"
	WriterEditLatency = "dealsync.writer.edit.latency"
)

// Spans. What follows a prefix is of low cardinality: a stage's subject without
// its ids, an app and an operation of its API.
const (
	SpanWebhook = "webhook"
	SpanPublish = "publish " // + dealsync.<stage>
	SpanProcess = "process " // + dealsync.<stage>
)

// Attributes by OpenTelemetry's semantic conventions.
const (
	ErrorType         = "error.type"
	HTTPMethod        = "http.request.method"
	HTTPStatus        = "http.response.status_code"
	MessagingSystem   = "messaging.system"
	MessagingStream   = "messaging.destination.name"
	MessagingTemplate = "messaging.destination.template"
	MessagingType     = "messaging.operation.type"
	MessagingID       = "messaging.message.id"
)

// Attributes of our own. Those of spans alone may hold ids.
const (
	App        = "dealsync.app"
	Attempt    = "dealsync.attempt"
	Cause      = "dealsync.cause"
	Connection = "dealsync.connection"
	ErrorCode  = "dealsync.error.code"
	Key        = "dealsync.key"
	Lane       = "dealsync.lane"
	Object     = "dealsync.object"
	Op         = "dealsync.op"
	Reason     = "dealsync.reason"
	Result     = "dealsync.result"
	Scan       = "dealsync.scan"
	Side       = "dealsync.side"
	Stage      = "dealsync.stage"
	Sync       = "dealsync.sync"
	Verdict    = "dealsync.verdict"
	Winner     = "dealsync.winner"
	Workspace  = "dealsync.workspace"
)
