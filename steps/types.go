package steps

import "cel.dev/cel-go/cel"

var (
	stringType  = cel.StringType
	objectsType = cel.ListType(cel.DynType)
)
