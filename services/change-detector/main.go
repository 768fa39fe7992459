// Command change-detector turns notices into changes of records.
package main

import (
	"github.com/dealsync/dealsync/libs/host"
	"github.com/dealsync/dealsync/services/change-detector/detect"
)

func main() { host.Main(detect.Module) }
