// Spraydeck is the console for Kubernetes maintenance windows.
package main

import (
	"os"

	"spraydeck/cli"
)

func main() { os.Exit(cli.Main()) }
