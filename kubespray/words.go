package kubespray

import "bytes"

// eachKey calls do for every word that may be a variable, [a-z][a-z0-9]*_[a-z0-9_]+ or ipip, until it gives false.
func eachKey(line []byte, do func(word []byte) bool) {
	for i := 0; i < len(line); {
		if !wordByte[line[i]] {
			i++
			continue
		}
		from := i
		for i < len(line) && wordByte[line[i]] {
			i++
		}
		if w := line[from:i]; isKey(w) && !do(w) {
			return
		}
	}
}

func isKey(w []byte) bool {
	if w[0] < 'a' || w[0] > 'z' {
		return false
	}
	for _, b := range w {
		if b >= 'A' && b <= 'Z' {
			return false
		}
	}
	at := bytes.IndexByte(w, '_')
	return at > 0 && at < len(w)-1 || string(w) == "ipip"
}

// wordByte are the bytes of a word, as in the \w of a regular expression.
var wordByte = func() (is [256]bool) {
	for b := range is {
		is[b] = b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
	}
	return is
}()

func mayBeKey(text []byte) (is bool) {
	eachKey(text, func([]byte) bool {
		is = true
		return false
	})
	return is
}
