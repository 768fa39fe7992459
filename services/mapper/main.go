// Command mapper turns changes of records into proposals to their pairs.
package main

import (
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/mapper/mapping"
)

func main() { host.Main(mapping.Module) }
