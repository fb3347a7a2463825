package lint_test

import (
	"fmt"

	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/steps"
)

func ExampleCheck() {
	lang := &runbook.Language{Kinds: steps.Kinds(), Probes: steps.Probes()}
	file, problems := runbook.Parse("reboot.yaml", []byte(`apiVersion: spraydeck/v1
kind: Runbook
name: reboot
title: Restart a node
version: 1.0.0
phases:
  - title: Work
    steps:
      - {id: go, title: Go, drain: n1}
`), lang)
	for _, p := range append(problems, lint.Check([]runbook.File{file})...) {
		fmt.Println(p.Pos, p.Rule)
	}
	// Output: reboot.yaml:9:14 no-undo
}
