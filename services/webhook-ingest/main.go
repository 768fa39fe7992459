// Command webhook-ingest takes webhooks, verifies them and stores them.
package main

import (
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/webhook-ingest/ingest"
)

func main() { host.Main(ingest.Module) }
