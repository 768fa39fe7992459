// Command mapper turns changes of records into proposals to their pairs.
package main

import (
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/mapper/propose"
)

func main() { host.Main(propose.Module) }
