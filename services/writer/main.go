// Command writer carries out intended writes in the apps.
package main

import (
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/writer/write"
)

func main() { host.Main(write.Module) }
