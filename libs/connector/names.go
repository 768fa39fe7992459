package connector

// Names of metrics, spans and attributes, for the page that operators read.
const (
	instrumentation = "github.com/dealsync/dealsync/libs/connector"

	MetricCalls     = "dealsync.api.calls"      // API calls, by app, connection, op, lane, status
	MetricDuration  = "dealsync.api.call"       // seconds per call, by app, connection, op
	MetricWaits     = "dealsync.api.wait"       // seconds a call waited for the rate budget, by app, connection, lane
	MetricPauses    = "dealsync.api.pauses"     // times the app asked us to wait, by app, connection
	MetricRetries   = "dealsync.api.retries"    // quick repeats, by app, connection, op kind
	MetricSchemas   = "dealsync.api.schemas"    // schema reads, by app, connection
	MetricOddValues = "dealsync.api.odd_values" // values that are not of their field's type, by app, connection

	AttrApp        = "app"
	AttrConnection = "connection"
	AttrOp         = "op"
	AttrLane       = "lane"
	AttrStatus     = "http.response.status_code"
	AttrMethod     = "http.request.method"
	AttrCount      = "count"
)
