// Command config keeps the configuration, gives it to the other services, and
// brokers the apps' access tokens.
package main

import (
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/config/configure"
)

func main() { host.Main(configure.Module) }
