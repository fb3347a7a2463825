// Package lint finds mistakes in runbooks, pitfalls and release files that were parsed and linked by package runbook.
//
// Check returns all mistakes of files that belong together, sorted by place; CheckRunbook those of one runbook and of all
// that it uses. Advise returns advice, which fails nothing. A Problem has a place, a message, the name of its rule and a
// hint; none is an error value, and a file with problems can still be read as far as it goes.
//
// A rule is a value: its name, a sentence that explains it, and the parts of a file that it checks. Each is in a file named
// after what it checks; rules.go lists them, walk.go passes every part of a file to them.
package lint
