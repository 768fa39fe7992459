// Command dealsync runs the whole installation in one process, and is the tool
// that people and scripts use with any installation.
package main

import (
	"os"

	"github.com/dealsync/dealsync/services/dealsync/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
