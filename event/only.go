package event

import (
	"slices"
	"strings"
)

// Question tells a command that only reads from any other: two with the same question have the same answer.
func (c Command) Question() string {
	key := c.Host + "\x00" + c.Line
	if c.Call != nil && len(c.Call.Only) > 0 {
		key += "\x00" + strings.Join(c.Call.Only, " ")
	}
	return key
}

// Answers reports whether what a command printed has all fields of objects that another one asks for.
func (c CommandStarted) Answers(other Command) bool {
	if len(c.Only) == 0 || other.Call == nil || other.Call.Verb != Get {
		return true
	}
	if len(other.Call.Only) == 0 {
		return false
	}
	return !slices.ContainsFunc(other.Call.Only, func(path string) bool {
		return !slices.ContainsFunc(c.Only, func(has string) bool { return within(path, has) })
	})
}

// within reports whether a path is that of a value, or leads into it.
func within(path, value string) bool {
	rest, ok := strings.CutPrefix(path, value)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
