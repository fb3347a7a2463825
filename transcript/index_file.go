package transcript

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"spraydeck/regular"
)

// IndexName is the file beside a transcript that holds its index. It can be deleted at any time.
const IndexName = "transcript.idx"

// indexMagic names the form of the file. What begins with anything else is built again.
const indexMagic = "spraydeck index 2\n"

// The index file is indexMagic; the SHA-256 of all that follows it; then, each a varint unless said otherwise: how much
// of the transcript is indexed, the SHA-256 of that much's first and last sampleSize bytes, the end, blocks, events,
// spans. Places and numbers are written as differences.
const sampleSize = 64 << 10

var errNoIndex = errors.New("no index that fits")

// load reads the index kept beside a transcript. It gives errNoIndex where there is none, or where it is not of what
// the transcript now begins with; the transcript may have grown since.
func loadIndex(path string, in io.ReaderAt, size int64) (*index, error) {
	f, err := regular.Open(indexPath(path))
	if err != nil {
		return nil, errNoIndex
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, errNoIndex
	}
	body, ok := bytes.CutPrefix(b, []byte(indexMagic))
	if !ok || len(body) < sha256.Size {
		return nil, errNoIndex
	}
	if sum := sha256.Sum256(body[sha256.Size:]); !bytes.Equal(sum[:], body[:sha256.Size]) {
		return nil, errNoIndex
	}
	r := &unpacker{b: body[sha256.Size:], ok: true}
	indexed := r.int()
	if indexed > size {
		return nil, errNoIndex
	}
	head, tail, err := samples(in, indexed)
	if err != nil || !bytes.Equal(head, r.bytes(sha256.Size)) || !bytes.Equal(tail, r.bytes(sha256.Size)) {
		return nil, errNoIndex
	}
	x := r.index()
	if !r.ok || len(r.b) > 0 || x.Offset != indexed {
		return nil, errNoIndex
	}
	return x, nil
}

// save keeps the index beside the transcript, whole or not at all.
func (x *index) save(path string, in io.ReaderAt) error {
	b, err := x.pack(in)
	if err != nil {
		return err
	}
	to := indexPath(path)
	f, err := os.CreateTemp(filepath.Dir(to), IndexName+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// indexPath is where the index of a transcript is kept.
func indexPath(path string) string { return filepath.Join(filepath.Dir(path), IndexName) }

// samples returns the digests of both ends of what is indexed, by which a transcript is known again.
func samples(in io.ReaderAt, size int64) (head, tail []byte, err error) {
	n := min(size, sampleSize)
	head, err1 := digest(in, 0, n)
	tail, err2 := digest(in, size-n, n)
	return head, tail, errors.Join(err1, err2)
}

func digest(in io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	_, err := in.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	sum := sha256.Sum256(b)
	return sum[:], err
}

func (x *index) pack(in io.ReaderAt) ([]byte, error) {
	head, tail, err := samples(in, x.Offset)
	if err != nil {
		return nil, err
	}
	w := &packer{}
	w.int(x.Offset)
	w.b = append(append(w.b, head...), tail...)
	w.place(&Place{}, x.Place)
	w.int(int64(x.bad))
	w.bool(x.ended)
	w.int(int64(len(x.blocks)))
	var last Place
	for _, b := range x.blocks {
		w.place(&last, b)
	}
	w.int(int64(len(x.events)))
	last = Place{}
	for _, e := range x.events {
		w.place(&last, e.Place)
		w.int(int64(e.marks))
		w.text([]byte(e.step))
		w.text([]byte(e.topic))
		w.text(e.line)
	}
	w.int(int64(len(x.prints)))
	for _, number := range slices.Sorted(maps.Keys(x.prints)) {
		w.int(int64(number))
		w.int(int64(len(x.prints[number])))
		at := 0
		for _, s := range x.prints[number] {
			w.int(int64(s.from - at))
			w.int(int64(s.to - s.from))
			at = s.to
		}
	}
	sum := sha256.Sum256(w.b)
	return slices.Concat([]byte(indexMagic), sum[:], w.b), nil
}

type packer struct{ b []byte }

func (w *packer) int(n int64) { w.b = binary.AppendVarint(w.b, n) }

func (w *packer) bool(v bool) {
	if v {
		w.int(1)
	} else {
		w.int(0)
	}
}

func (w *packer) text(s []byte) {
	w.int(int64(len(s)))
	w.b = append(w.b, s...)
}

func (w *packer) place(last *Place, p Place) {
	w.int(int64(p.Pos - last.Pos))
	w.int(p.Offset - last.Offset)
	w.int(int64(p.Elapsed - last.Elapsed))
	w.int(int64(p.Played - last.Played))
	*last = p
}

// unpacker is the opposite of packer. A count is believed only as far as there are bytes for it.
type unpacker struct {
	b  []byte
	ok bool
}

func (r *unpacker) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.b, r.ok = nil, false
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *unpacker) count() int { return int(max(0, min(r.int(), int64(len(r.b))))) }

func (r *unpacker) bytes(n int) []byte {
	if n > len(r.b) {
		r.b, r.ok = nil, false
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *unpacker) place(last *Place) Place {
	last.Pos += int(r.int())
	last.Offset += r.int()
	last.Elapsed += time.Duration(r.int())
	last.Played += time.Duration(r.int())
	return *last
}

func (r *unpacker) index() *index {
	x := newIndex(0)
	x.Place = r.place(&Place{})
	x.bad = int(r.int())
	x.ended = r.int() == 1
	x.blocks = make([]Place, r.count())
	var last Place
	for i := range x.blocks {
		x.blocks[i] = r.place(&last)
	}
	n := r.count()
	events := make([]indexed, n)
	x.events = make([]*indexed, 0, n)
	last = Place{}
	words := map[string]string{} // steps and topics are few
	word := func() string {
		b := r.bytes(r.count())
		s, ok := words[string(b)]
		if !ok {
			s = string(b)
			words[s] = s
		}
		return s
	}
	for i := range events {
		e := &events[i]
		e.Place = r.place(&last)
		e.marks = Marks(r.int())
		e.step = word()
		e.topic = word()
		e.line = r.bytes(r.count())
		x.add(e)
	}
	for range r.count() {
		number, at := int(r.int()), 0
		for range r.count() {
			from := at + int(r.int())
			at = from + int(r.int())
			x.prints[number] = append(x.prints[number], span{from, at})
		}
	}
	return x
}
