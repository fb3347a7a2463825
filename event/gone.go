package event

import (
	"fmt"
)

// goneError is the outcome of a command that died with its console: unknown.
type goneError struct{ what string }

func (e *goneError) Error() string { return e.what }

func (e *goneError) StateUnknown() bool { return true }

// Gone says of a command that it cannot be taken up again.
func Gone(c Command) error {
	return &goneError{fmt.Sprintf("the console that ran it went away, and nothing on %s tells how it ended", c.Host)}
}
