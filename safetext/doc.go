// Package safetext makes text from outside safe to print on a terminal: output of commands, names, evidence.
package safetext
