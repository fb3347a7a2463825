package steps

import (
	"errors"

	"cel.dev/cel-go/cel"
)

var (
	stringType  = cel.StringType
	objectsType = cel.ListType(cel.DynType)
)

func asUnreachable(err error, e *interface{ Unreachable() bool }) bool {
	return errors.As(err, e) && (*e).Unreachable()
}

func isNotFound(err error) bool {
	var e interface{ NotFound() bool }
	return errors.As(err, &e) && e.NotFound()
}
