package transcript

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"spraydeck/event"
)

// Output is nearly all of a large transcript, so it is written and read by hand, several times as fast as
// encoding/json does it. A test holds both against each other; what is not plain here is left to encoding/json.

var outputKind = event.Output{}.Kind()

func appendOutput(b []byte, o event.Output) []byte {
	b = append(b, `{"command":`...)
	b = strconv.AppendInt(b, int64(o.Number), 10)
	b = append(b, `,"stream":`...)
	b = appendString(b, o.Stream)
	b = append(b, `,"text":`...)
	b = appendString(b, o.Text)
	if len(o.Raw) > 0 {
		b = append(b, `,"raw":"`...)
		b = base64.StdEncoding.AppendEncode(b, o.Raw)
		b = append(b, '"')
	}
	if o.Size != 0 {
		b = append(b, `,"size":`...)
		b = strconv.AppendInt(b, int64(o.Size), 10)
	}
	if o.Omitted {
		b = append(b, `,"omitted":true`...)
	}
	return append(b, '}')
}

// escape gives what follows the backslash for the bytes that JSON wants escaped: 'u' for those without a short form.
var escape = func() (t [256]byte) {
	for c := range 0x20 {
		t[c] = 'u'
	}
	t['\n'], t['\r'], t['\t'], t['"'], t['\\'] = 'n', 'r', 't', '"', '\\'
	return t
}()

var unescape = [256]byte{'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f'}

func appendString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		e := escape[s[i]]
		if e == 0 {
			continue
		}
		b = append(b, s[from:i]...)
		b = append(b, '\\', e)
		if e == 'u' {
			b = append(b, '0', '0', hex[s[i]>>4], hex[s[i]&15])
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

func parseOutput(b []byte) (o event.Output, ok bool) {
	c := cursor{b, true}
	number, err := strconv.Atoi(string(c.number(`{"command":`)))
	stream := c.text(`,"stream":`)
	c.expect(`,"text":"`)
	if !c.ok || err != nil {
		return o, false
	}
	text, rest, ok := plainString(c.rest)
	if !ok {
		return o, false
	}
	o = event.Output{Number: number, Text: text}
	switch string(stream) {
	case "stdout":
		o.Stream = "stdout"
	default:
		o.Stream = string(stream)
	}
	if string(rest) == "}" {
		return o, true
	}
	c = cursor{rest, true}
	if bytes.HasPrefix(rest, []byte(`,"raw":`)) {
		if o.Raw, err = base64.StdEncoding.DecodeString(string(c.text(`,"raw":`))); err != nil {
			return o, false
		}
	}
	if bytes.HasPrefix(c.rest, []byte(`,"size":`)) {
		if o.Size, err = strconv.Atoi(string(c.number(`,"size":`))); err != nil {
			return o, false
		}
	}
	if o.Omitted = bytes.HasPrefix(c.rest, []byte(`,"omitted":true`)); o.Omitted {
		c.expect(`,"omitted":true`)
	}
	c.expect("}")
	return o, c.ok && len(c.rest) == 0
}

// plainString reads up to the closing quote. It gives up where only encoding/json knows: surrogates, bad UTF-8,
// control characters.
func plainString(b []byte) (s string, rest []byte, ok bool) {
	end := closingQuote(b)
	if end < 0 || !utf8.Valid(b[:end]) {
		return "", nil, false
	}
	in, rest := b[:end], b[end+1:]
	var out []byte
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 {
			break
		}
		if out == nil {
			out = make([]byte, 0, end)
		}
		out = append(out, in[:i]...)
		switch e := in[i+1]; {
		case unescape[e] != 0:
			out = append(out, unescape[e])
			in = in[i+2:]
		case e == 'u' && len(in) >= i+6 && string(in[i+2:i+4]) == "00":
			n, err := strconv.ParseUint(string(in[i+4:i+6]), 16, 8)
			if err != nil {
				return "", nil, false
			}
			out = utf8.AppendRune(out, rune(n))
			in = in[i+6:]
		default:
			return "", nil, false
		}
	}
	if out == nil {
		return string(in), rest, true
	}
	return string(append(out, in...)), rest, true
}

// closingQuote finds the first quote that no backslash escapes.
func closingQuote(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '"')
		if i < 0 {
			return -1
		}
		at += i
		n := 0
		for n < at && b[at-1-n] == '\\' {
			n++
		}
		if n%2 == 0 {
			return at
		}
		at++
	}
}

// encodeData returns the data of an event as JSON on one line, without the escapes that only HTML needs.
func encodeData(d event.Data) ([]byte, error) {
	if u, ok := d.(event.UnknownData); ok && json.Valid(u.JSON) && bytes.IndexByte(u.JSON, '\n') < 0 {
		return u.JSON, nil // byte for byte
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
