package steps

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/tidwall/gjson"

	"spraydeck/runbook"
)

// compact reads the objects that a get printed, as a value of expressions. There may be ten thousands of them, alike: maps of
// Go would take ten times the memory.
func compact(r runbook.Result) (any, error) {
	if r.Exit != 0 {
		return nil, errors.New(strings.TrimPrefix(strings.TrimSpace(r.Stderr), "error: "))
	}
	list := gjson.Parse(r.Stdout)
	if !gjson.Valid(r.Stdout) || !list.IsArray() && list.Type != gjson.Null {
		return nil, fmt.Errorf("read the objects: they are no list in JSON: %.40q ... %q", r.Stdout, r.Stdout[max(0, len(r.Stdout)-40):])
	}
	c := &compactor{shapes: map[string]*shape{}, texts: map[string]ref.Val{}}
	return c.list(list), nil
}

// compactor makes values of JSON. Equal texts are kept once, and the keys of objects with the same keys.
type compactor struct {
	shapes map[string]*shape
	texts  map[string]ref.Val
}

func (c *compactor) value(v gjson.Result) ref.Val {
	switch v.Type {
	case gjson.True, gjson.False:
		return types.Bool(v.Bool())
	case gjson.Number:
		return types.Double(v.Num)
	case gjson.String:
		text := c.texts[v.Str]
		if text == nil {
			own := strings.Clone(v.Str)
			text = types.String(own)
			c.texts[own] = text
		}
		return text
	case gjson.JSON:
		if v.IsArray() {
			return c.list(v)
		}
		return c.object(v)
	}
	return types.NullValue
}

func (c *compactor) list(v gjson.Result) ref.Val {
	items := []ref.Val{}
	v.ForEach(func(_, item gjson.Result) bool {
		items = append(items, c.value(item))
		return true
	})
	return types.NewRefValList(types.DefaultTypeAdapter, slices.Clip(items))
}

func (c *compactor) object(v gjson.Result) ref.Val {
	var keys []string
	var values []ref.Val
	v.ForEach(func(key, value gjson.Result) bool {
		keys, values = append(keys, key.Str), append(values, c.value(value))
		return true
	})
	name := strings.Join(keys, "\x00")
	s := c.shapes[name]
	if s == nil {
		s = &shape{index: map[string]int{}}
		for i, k := range keys {
			k = strings.Clone(k)
			s.keys = append(s.keys, types.String(k))
			s.index[k] = i
		}
		c.shapes[strings.Clone(name)] = s
	}
	return &object{s, slices.Clip(values)}
}

// shape is the keys of objects.
type shape struct {
	keys  []ref.Val
	index map[string]int
}

// object is a map from text to values.
type object struct {
	*shape
	values []ref.Val
}

var _ traits.Mapper = (*object)(nil)

// Find gives the value of a key.
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	k, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	i, ok := o.index[string(k)]
	if !ok {
		return nil, false
	}
	return o.values[i], true
}

// Get is Find with an error for a key that is not there.
func (o *object) Get(key ref.Val) ref.Val {
	v, ok := o.Find(key)
	if !ok {
		return types.NewErr("no such key: %v", key)
	}
	return v
}

// Contains reports whether there is a key.
func (o *object) Contains(key ref.Val) ref.Val {
	_, ok := o.Find(key)
	return types.Bool(ok)
}

// Iterator gives the keys.
func (o *object) Iterator() traits.Iterator {
	return types.NewRefValList(types.DefaultTypeAdapter, o.keys).Iterator()
}

// Size is the number of keys.
func (o *object) Size() ref.Val { return types.Int(len(o.index)) }

// Type is that of maps.
func (o *object) Type() ref.Type { return types.MapType }

// Value is the object as a map of Go.
func (o *object) Value() any { return o.plain() }

func (o *object) plain() map[string]any {
	m := map[string]any{}
	for k, i := range o.index {
		m[k] = plain(o.values[i])
	}
	return m
}

func plain(v ref.Val) any {
	switch v := v.(type) {
	case *object:
		return v.plain()
	case traits.Lister:
		list := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			list = append(list, plain(it.Next()))
		}
		return list
	case types.Null:
		return nil
	}
	return v.Value()
}

// asMap is the object as the library has maps, for what is rarely asked.
func (o *object) asMap() ref.Val { return types.DefaultTypeAdapter.NativeToValue(o.plain()) }

// ConvertToNative converts the object as a map.
func (o *object) ConvertToNative(to reflect.Type) (any, error) { return o.asMap().ConvertToNative(to) }

// ConvertToType converts the object as a map.
func (o *object) ConvertToType(to ref.Type) ref.Val {
	if to == types.MapType {
		return o
	}
	return o.asMap().ConvertToType(to)
}

// Equal compares the object as a map.
func (o *object) Equal(other ref.Val) ref.Val { return o.asMap().Equal(other) }
