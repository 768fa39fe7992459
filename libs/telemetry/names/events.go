package names

// Event is a line of the log. Its name, the message of the line, is fixed; what
// varies stands in the line's fields.
type Event struct {
	Name    string
	Level   string // debug, info, warn or error
	Meaning string
	Alert   string // what to alert on and do; empty: nothing
}

// Events lists the lines that programs log. services/reference_test.go holds
// the code to it.
var Events = []Event{
	{"service.started", "info", "The program is ready; tells version and durability.", ""},
	{"service.waiting", "warn", "What the program needs to start is not there yet; it keeps trying.", "for minutes: see its reason"},
	{"service.stopped", "info", "The program has drained and ends.", ""},
	{"dealsync.started", "info", "dealsync up is ready, all services in one process.", ""},
	{"sandbox.ready", "info", "The API doubles answer.", ""},
	{"sandbox.failed", "error", "The API doubles ended with an error.", ""},

	{"webhook.refused", "warn", "A webhook was not taken; code and reason say why.", "many with one code: signature (secret changed), bus down or full"},
	{"webhook.replay_unchecked", "warn", "Redis did not answer, so a delivery was taken without looking for a replay.", ""},

	{"scheduler.elected", "info", "This replica now starts polls and backfills.", ""},
	{"scheduler.trouble", "warn", "A poll, backfill or subscription cannot be started; said once per code.", "until scheduler.recovered for the same thing: see its code"},
	{"scheduler.recovered", "info", "What was in trouble works again.", ""},
	{"scan.taken_up", "warn", "A poll or backfill stood still and goes on from its saved page.", ""},
	{"backfill.started", "info", "All records of a connection's object are read.", ""},
	{"backfill.finished", "info", "They have been read.", ""},
	{"records.offered", "info", "Known records were offered again. Reason: settings (they changed, or a new day began for a filter that looks at it); matched (all records that may match are known now).", ""},
	{"record.gone", "debug", "News of a record that the app does not have.", ""},
	{"record.failed", "error", "One record of a page could not be taken in; the others went on, and it is asked for by itself.", "any that is parked after that: dealsync get parked names the record"},

	{"record.excluded", "debug", "A record does not take part in a sync; reason says why.", ""},
	{"record.held", "debug", "A record matches more than one other and is not paired; detail names them.", ""},
	{"record.matched", "debug", "A record has found its counterpart among the existing ones.", ""},
	{"conflict.decided", "info", "Both sides edited a field within the window; tells whose edit stands.", ""},
	{"pair.resolved", "debug", "A pair's news was judged.", ""},
	{"pair.folded", "info", "A record found by both sides at once went to one pair.", ""},
	{"news.dropped", "info", "News of a sync that has been deleted.", ""},
	{"deal.written", "debug", "An app answered a write; a warning when it refused it.", "warnings: the pair is failing until edited; dealsync get pairs --status failing"},

	{"config.serving", "info", "The config service answers.", ""},
	{"config.applied", "info", "Configuration was stored, or checked in a dry run.", ""},
	{"config.refused", "info", "Configuration had problems; nothing was stored.", ""},
	{"config.paused", "info", "A sync was paused or resumed.", ""},
	{"config.backfill", "info", "A backfill was asked for.", ""},
	{"config.pipeline_made", "info", "A HubSpot pipeline was made like one of an app; existed: it was there.", ""},
	{"config.refreshed", "info", "A sync got other owners or currencies, because the accounts have.", ""},
	{"config.refresh_failed", "warn", "New owners and currencies could not be looked for; what is known stays in force.", "for hours: an app does not answer, or refuses the credentials"},
	{"config.resync", "info", "A resync was asked for.", ""},
	{"config.secrets_lost", "warn", "Stored credentials cannot be opened with the key in use.", "any: wrong DEALSYNC_KEY; restore it, or apply the connections with their secrets"},
	{"config.follow_failed", "warn", "The stored configuration cannot be read; what is known stays in force.", "for minutes: NATS"},
	{"config.purge_failed", "warn", "Configuration that nobody needs stayed behind; it does no harm.", ""},
	{"settings.watch_lost", "warn", "The config service does not answer; what is known stays in force.", "for minutes: config service down or token wrong"},

	{"bus.partition_taken", "info", "This replica works on the partition now.", ""},
	{"bus.partition_left", "info", "It handed it over; lost: it found another owner.", ""},
	{"bus.takeover_failed", "warn", "It could not take the partition over; it tries again.", "repeated: NATS"},
	{"bus.lease_not_renewed", "warn", "NATS did not take the lease's renewal in time.", "repeated: NATS slow or away"},
	{"bus.lease_not_released", "debug", "The partition's next owner must wait for the lease to run out.", ""},
	{"bus.balance_failed", "warn", "Partitions cannot be shared out.", "repeated: NATS"},
	{"bus.not_withdrawn", "debug", "This replica's share becomes free only when its lease runs out.", ""},
	{"bus.consumer_not_deleted", "debug", "A consumer of an earlier owner stayed behind; the next owner deletes it.", ""},
	{"bus.acks_not_confirmed", "debug", "At a hand-over some acks may be lost; their messages are handled again.", ""},
	{"bus.ack_failed", "debug", "An ack could not be sent; the message is handled again.", ""},
	{"bus.retry", "debug", "An attempt failed and will be repeated.", ""},
	{"bus.parked", "warn", "A message was given up and is kept for people.", "any: dealsync get parked"},
	{"bus.release_failed", "warn", "Messages of a connection that works again could not be brought back yet.", "repeated: NATS"},
	{"bus.park_failed", "warn", "A message cannot be parked; it waits in its lane.", "repeated: NATS, or PARKED is full"},
	{"bus.delivery_unreadable", "error", "A delivery without what JetStream always sends.", "any: something else publishes to the streams"},
	{"bus.stalled", "warn", "The server stopped delivering although messages wait; the partition is taken over anew.", "repeated: NATS"},
	{"bus.handler_stuck", "error", "A handler does not end; the partition cannot be handed over.", "any: restart the program"},
}
