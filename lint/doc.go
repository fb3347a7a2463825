// Package lint finds mistakes in runbooks, pitfalls and release files that were parsed and linked by package runbook.
//
// Each rule stands in a file of its own (check_*.go); rules.go explains every rule in a line.
package lint
