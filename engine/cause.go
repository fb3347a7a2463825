package engine

import (
	"errors"

	"spraydeck/event"
)

// unlearned is the error of a fact that could not be learned, or of the host that did not tell it.
type unlearned struct {
	what string
	err  error
}

func (e *unlearned) Error() string { return e.what + ": " + e.err.Error() }
func (e *unlearned) Unwrap() error { return e.err }

// causeOf says why a verdict is unknown in words that are the same for every check with that cause: which fact was asked for is no
// part of them.
func causeOf(err error) string {
	var own interface{ Cause() string }
	if errors.As(err, &own) {
		return own.Cause()
	}
	host := ""
	for {
		at, ok := err.(*unlearned)
		if !ok {
			return host + err.Error()
		}
		var inner *unlearned
		if err = at.err; !errors.As(err, &inner) && at.what != event.API && at.what != event.Workstation {
			host = at.what + ": "
		}
	}
}
