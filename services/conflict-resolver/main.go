// Command conflict-resolver owns the pairs: it decides which edits stand and
// what must be written.
package main

import (
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/conflict-resolver/resolve"
)

func main() { host.Main(resolve.Module) }
