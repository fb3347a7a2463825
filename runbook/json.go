package runbook

import (
	"encoding/json"
	"fmt"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// asJSON writes any value as JSON, with the keys of objects in order, so that what was captured can be put back.
func asJSON(v ref.Val) ref.Val {
	text, err := json.Marshal(nativeOf(v))
	if err != nil {
		return types.NewErr("json: %v", err)
	}
	return types.String(text)
}

func nativeOf(v ref.Val) any {
	switch v := v.(type) {
	case traits.Mapper:
		m := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			m[fmt.Sprint(key.Value())] = nativeOf(v.Get(key))
		}
		return m
	case traits.Lister:
		list := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			list = append(list, nativeOf(it.Next()))
		}
		return list
	case types.Null:
		return nil
	}
	return v.Value()
}
