package kube

import (
	"strings"

	"github.com/tidwall/gjson"
)

// fields are the parts of an object that somebody reads; nil is the whole object.
type fields struct {
	whole bool
	named map[string]*fields
	items *fields // of a list
}

// parseFields reads paths such as "metadata.name", "status.conditions[].type" and `metadata.labels.example\.org/name`. No paths
// are the whole object.
func parseFields(paths []string) *fields {
	if len(paths) == 0 {
		return nil
	}
	root := &fields{}
	for _, p := range paths {
		f := root
		for p != "" {
			if rest, ok := strings.CutPrefix(p, "[]"); ok {
				if f.items == nil {
					f.items = &fields{}
				}
				f, p = f.items, rest
				continue
			}
			var name string
			name, p = nextField(strings.TrimPrefix(p, "."))
			if f.named == nil {
				f.named = map[string]*fields{}
			}
			if f.named[name] == nil {
				f.named[name] = &fields{}
			}
			f = f.named[name]
		}
		f.whole = true
	}
	return root
}

// nextField cuts the first name off a path.
func nextField(p string) (name, rest string) {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch {
		case p[i] == '\\' && i+1 < len(p):
			i++
			b.WriteByte(p[i])
		case p[i] == '.', p[i] == '[':
			return b.String(), p[i:]
		default:
			b.WriteByte(p[i])
		}
	}
	return b.String(), ""
}

// of appends the fields of a JSON value. A value of another shape than the paths expect is kept whole.
func (f *fields) of(dst []byte, v gjson.Result) []byte {
	switch {
	case f == nil || f.whole:
		return append(dst, v.Raw...)
	case v.IsObject() && f.items == nil:
		return join(dst, '{', '}', func(sep func([]byte) []byte, dst []byte) []byte {
			v.ForEach(func(key, value gjson.Result) bool {
				if in := f.named[key.Str]; in != nil {
					dst = in.of(append(append(sep(dst), key.Raw...), ':'), value)
				}
				return true
			})
			return dst
		})
	case v.IsArray() && f.items != nil:
		return join(dst, '[', ']', func(sep func([]byte) []byte, dst []byte) []byte {
			v.ForEach(func(_, value gjson.Result) bool {
				dst = f.items.of(sep(dst), value)
				return true
			})
			return dst
		})
	}
	return append(dst, v.Raw...)
}

// join appends items with commas between them, and brackets around.
func join(dst []byte, open, end byte, items func(sep func([]byte) []byte, dst []byte) []byte) []byte {
	first := true
	sep := func(dst []byte) []byte {
		if first {
			first = false
			return dst
		}
		return append(dst, ',')
	}
	return append(items(sep, append(dst, open)), end)
}

// object appends the fields of an object of the API. Of a whole one managedFields are dropped, which say who wrote a field: they
// are half of its size. A list of the API says the kind of its objects once; each has it here.
func (f *fields) object(dst []byte, v gjson.Result, kind, apiVersion string) []byte {
	if !v.IsObject() {
		return append(dst, v.Raw...)
	}
	return join(dst, '{', '}', func(sep func([]byte) []byte, dst []byte) []byte {
		add := func(key string, in *fields, value gjson.Result) {
			dst = in.of(append(append(append(sep(dst), '"'), key...), `":`...), value)
		}
		for _, of := range []struct{ key, text string }{{"apiVersion", apiVersion}, {"kind", kind}} {
			if in, wanted := f.at(of.key); wanted && !v.Get(of.key).Exists() {
				add(of.key, in, gjson.Result{Type: gjson.String, Str: of.text, Raw: `"` + of.text + `"`})
			}
		}
		v.ForEach(func(key, value gjson.Result) bool {
			in, wanted := f.at(key.Str)
			switch {
			case !wanted:
			case key.Str == "metadata" && (in == nil || in.whole):
				dst = unmanaged(append(append(sep(dst), key.Raw...), ':'), value)
			default:
				dst = in.of(append(append(sep(dst), key.Raw...), ':'), value)
			}
			return true
		})
		return dst
	})
}

// at gives the fields of a value below a key, and whether any are wanted.
func (f *fields) at(key string) (*fields, bool) {
	if f == nil || f.whole {
		return nil, true
	}
	in := f.named[key]
	return in, in != nil
}

// unmanaged appends metadata without managedFields.
func unmanaged(dst []byte, metadata gjson.Result) []byte {
	return join(dst, '{', '}', func(sep func([]byte) []byte, dst []byte) []byte {
		metadata.ForEach(func(key, value gjson.Result) bool {
			if key.Str != "managedFields" {
				dst = append(append(append(sep(dst), key.Raw...), ':'), value.Raw...)
			}
			return true
		})
		return dst
	})
}
