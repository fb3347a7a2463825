package runbook

import (
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// ownCost is what calls of our own functions cost, by the size of what they read and make. Without it each would count as one,
// and an expression within the limit could run for hours.
type ownCost struct{}

// CallCost gives the cost of one call, nil for functions that the library knows.
func (ownCost) CallCost(_, overload string, args []ref.Val, result ref.Val) *uint64 {
	if !strings.HasPrefix(overload, ownOverload) {
		return nil
	}
	cost := uint64(1)
	for _, v := range append(args, result) {
		if s, ok := v.(types.String); ok {
			cost += uint64(len(s)) / 10
		}
	}
	return &cost
}
