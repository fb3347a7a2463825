package symptom

// finder finds which of many literals a line holds, after Wu and Manber (1994): the last two bytes of a window tell by how
// much the window can be moved on, so that most bytes are never looked at.
//
// It is our own because it decides how fast a log is read, and the libraries for Go are all Aho-Corasick automata, which
// look at every byte. On the log of BenchmarkScan, 112 texts, one core of a machine: this 690 MB/s, BobuSumisu/aho-corasick
// 370, cloudflare/ahocorasick 265 and petar-dambovaliev/aho-corasick 215 to 260, with an allocation for every match. None
// of them ignores case for some of the texts only.
type finder struct {
	m       int // size of the window: that of the shortest literal, at most maxWindow
	lits    []needle
	buckets [][]end
	shift   [1 << 16]uint8  // by pair of bytes
	bucket  [1 << 16]uint16 // by pair: which of the buckets; 0 is empty. The tables are last, where no garbage collector looks
}

const maxWindow = 8

// end is a literal that may end its window at some pair of bytes, with the byte that the window begins with.
type end struct {
	lit   int32
	first [2]byte // in both cases
}

// needle is a literal with the part of it that is looked for first.
type needle struct {
	literal
	at int // where the window begins in the literal
}

func newFinder(lits []literal) *finder {
	f := &finder{m: maxWindow, buckets: make([][]end, 1)}
	for _, l := range lits {
		f.m = min(f.m, len(l.text))
	}
	for i := range f.shift {
		f.shift[i] = uint8(f.m - 1)
	}
	for i, l := range lits {
		w := needle{l, rarest(l.text, f.m)}
		f.lits = append(f.lits, w)
		part := l.text[w.at : w.at+f.m]
		for k := 1; k < f.m; k++ {
			for _, a := range cases(part[k-1], l.fold) {
				for _, b := range cases(part[k], l.fold) {
					pair := uint16(a) | uint16(b)<<8
					f.shift[pair] = min(f.shift[pair], uint8(f.m-1-k))
					if k == f.m-1 {
						first := cases(part[0], l.fold)
						f.put(pair, end{int32(i), [2]byte{first[0], first[len(first)-1]}})
					}
				}
			}
		}
	}
	return f
}

func (f *finder) put(pair uint16, e end) {
	if f.bucket[pair] == 0 {
		f.bucket[pair] = uint16(len(f.buckets))
		f.buckets = append(f.buckets, nil)
	}
	n := f.bucket[pair]
	f.buckets[n] = append(f.buckets[n], e)
}

// rarest returns where the window of a text begins whose last two bytes are the rarest.
func rarest(text string, m int) int {
	best, at := -1, 0
	for i := range len(text) - m + 1 {
		w := text[i : i+m]
		if n := weight(w) + 8*weight(w[m-2:]); n > best {
			best, at = n, i
		}
	}
	return at
}

func cases(b byte, fold bool) []byte {
	if fold && b >= 'a' && b <= 'z' {
		return []byte{b, b - 'a' + 'A'}
	}
	return []byte{b}
}

// appendFound appends the index of each literal in b, as often as it does.
func (f *finder) appendFound(found []int32, b []byte) []int32 {
	shift := &f.shift
	for i := f.m - 1; i < len(b); {
		pair := uint16(b[i-1]) | uint16(b[i])<<8
		if s := shift[pair]; s != 0 {
			i += int(s)
			continue
		}
		found = f.verify(found, b, i, pair)
		i++
	}
	return found
}

// verify looks at the whole of each literal whose window may end at i.
func (f *finder) verify(found []int32, b []byte, i int, pair uint16) []int32 {
	begins := b[i-f.m+1]
	for _, e := range f.buckets[f.bucket[pair]] {
		if begins != e.first[0] && begins != e.first[1] {
			continue
		}
		l := &f.lits[e.lit]
		from := i - f.m + 1 - l.at
		if from < 0 || from+len(l.text) > len(b) {
			continue
		}
		if equal(b[from:from+len(l.text)], l.text, l.fold) {
			found = append(found, e.lit)
		}
	}
	return found
}

func equal(b []byte, text string, fold bool) bool {
	if !fold {
		return string(b) == text
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != text[i] {
			return false
		}
	}
	return true
}
