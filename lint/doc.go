// Package lint finds mistakes in runbooks, pitfalls and release files that were parsed and linked by package runbook.
//
// A rule is a value: its name, what it says in a line, and where it looks. Each stands in a file named after what is looked
// at; rule.go lists them, walk.go shows them every part of a file.
package lint
