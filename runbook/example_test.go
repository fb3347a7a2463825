package runbook_test

import (
	"fmt"

	"spraydeck/runbook"
)

// Every value that a template puts into a command line is quoted for the shell.
func ExampleTemplate_Shell() {
	line, err := runbook.NewTemplate("git checkout ${branch}")
	if err != nil {
		panic(err)
	}
	scope := runbook.NewScope()
	scope.Set("branch", nil, "main; rm -rf /")
	text, err := line.Shell(scope)
	fmt.Println(text, err)
	// Output: git checkout 'main; rm -rf /' <nil>
}
