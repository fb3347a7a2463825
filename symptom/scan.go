package symptom

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"time"
)

// blockSize is how much of a file is read at once. Scan holds a few blocks for each processor.
const blockSize = 128 << 10

// Scan reads a text to its end, with several goroutines, and calls each for every hit, in the order of the text; only a hit
// that waits for what follows may come after one of a later line. File names the text in the hits. The first error of each
// ends it.
func (s *Set) Scan(ctx context.Context, r io.Reader, file string, each func(Hit) error) error {
	return s.scan(ctx, r, file, each, blockSize, min(runtime.GOMAXPROCS(0), 4))
}

// sampleSize is how much of the beginning of a file is looked at for the width of a terminal.
const sampleSize = 64 << 10

// block is some lines of a file.
type block struct {
	buf, data []byte
	width     int    // of the terminal that cut the lines of the text; 0 if none is known
	goesOn    bool   // its first line goes on from the block before
	before    *block // where its first line may go on from: that has to be read first
	scanner   *scanner
	ending    ending
	matches   []match
	lines     int
}

func (s *Set) scan(ctx context.Context, r io.Reader, file string, each func(Hit) error, size, workers int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// What is read first is worked at first, so a worker that waits for the block before its own waits for one at work.
	queue, work := make(chan *block, workers+1), make(chan *block, workers+1)
	free := make(chan []byte, 2*workers+4)
	for range cap(free) {
		free <- nil
	}
	var wg sync.WaitGroup
	var readErr error
	wg.Go(func() {
		defer close(queue)
		defer close(work)
		readErr = cut(ctx, r, size, free, func(b *block) error {
			for _, to := range []chan *block{work, queue} {
				select {
				case to <- b:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			return nil
		})
	})
	for range workers {
		wg.Go(func() {
			var m memo
			for b := range work {
				b.read(s, &m)
			}
		})
	}
	if err := s.judgeBlocks(ctx, queue, free, file, each); err != nil {
		return err // a Read that blocks, as of a terminal, is not waited for
	}
	wg.Wait()
	return readErr
}

// judgeBlocks takes the blocks in their order.
func (s *Set) judgeBlocks(ctx context.Context, queue <-chan *block, free chan<- []byte, file string, each func(Hit) error) error {
	j := newJudge(s)
	give := func(hits []Hit) error {
		for _, h := range hits {
			h.File = file
			if err := each(h); err != nil {
				return err
			}
		}
		return nil
	}
	lines := 0
	var tail []byte
	var line []match // of one line: a long one may go over several blocks
	flush := func() error {
		hits := j.line(line, time.Time{}, "", nil)
		line = line[:0]
		return give(hits)
	}
	for b := range queue {
		select {
		case <-b.ending.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		for _, m := range b.matches {
			m.line += lines
			m.place = m.place.after(j.place)
			if len(line) > 0 && line[0].line != m.line {
				if err := flush(); err != nil {
					return err
				}
			}
			line = append(line, m)
		}
		lines += b.lines
		if b.goesOn {
			b.data = b.data[overlap:]
		}
		tail = lastOf(tail, b.data)
		j.place = b.ending.wait()
		free <- b.buf
	}
	if err := flush(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return give(j.end(lastTime(tail)))
}

// cut reads a file and cuts it where a line begins, if it can where a line certainly does not go on from the one before.
func cut(ctx context.Context, r io.Reader, size int, free <-chan []byte, emit func(*block) error) error {
	var rest []byte // the beginning of the next block
	var last, before *block
	goesOn, width := false, -1
	for {
		var buf []byte
		select {
		case buf = <-free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		n := len(rest)
		buf = append(buf[:0], rest...)
		if need := max(size, n+1); cap(buf) < need {
			buf = append(buf, make([]byte, need-n)...)
		} else {
			buf = buf[:need]
		}
		got, err := r.Read(buf[n:])
		n += got
		for err == nil && bytes.IndexByte(buf[n-got:n], '\n') < 0 && n < max(size, 2*maxLine) {
			if n == len(buf) {
				buf = append(buf, make([]byte, n)...)
			}
			got, err = r.Read(buf[n:])
			n += got
		}
		if width < 0 {
			width = widthOf(buf[:min(n, sampleSize)])
		}
		end, safely := n, true
		if err == nil {
			end, safely = cutAt(buf[:n], width)
		}
		b := &block{width: width, buf: buf, data: buf[:end], goesOn: goesOn, before: before, ending: ending{done: make(chan struct{})}}
		if last != nil {
			b.ending.before = &last.ending
		}
		last = b
		next := end
		goesOn = false
		if end > 0 && err == nil && buf[end-1] != '\n' { // in the middle of a long line
			next, goesOn = end-overlap, true
		}
		rest = append(rest[:0], buf[next:n]...)
		before = nil
		if !safely {
			before = b
		}
		if e := emit(b); e != nil {
			return e
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// cutAt says where to cut: before the last line that certainly begins something, best a task, or else before the last line.
// Where there is no line that ends, a long line is cut as read would cut it.
func cutAt(b []byte, width int) (end int, safely bool) {
	last := bytes.LastIndexByte(b, '\n') + 1
	if last == 0 {
		return maxLine + (len(b)-1-maxLine)/(maxLine-overlap)*(maxLine-overlap), false
	}
	end = last
	next := last // the line that begins at next is not known yet
	for n := 0; next > len(b)/2; n++ {
		start := bytes.LastIndexByte(b[:next-1], '\n') + 1
		if start == 0 {
			break
		}
		line, task := b[start:next-1], taskBegins(b[start:])
		if task || !safely && n < 64 {
			prev := bytes.LastIndexByte(b[:start-1], '\n') + 1
			if safe(b[prev:start-1], line, width) {
				end, safely = start, true
			}
		}
		if task && end == start {
			break // what counts in it is known from its first line
		}
		next = start
	}
	return end, safely
}

// read finds what matches in a block.
func (b *block) read(s *Set, m *memo) {
	defer close(b.ending.done)
	switch {
	case b.before != nil:
		<-b.before.ending.done
		b.scanner = b.before.scanner
		b.before = nil
	case b.ending.before != nil:
		b.scanner = &scanner{set: s, begins: b.ending.before}
	default:
		b.scanner = &scanner{set: s, place: nowhere()}
	}
	sc := b.scanner
	sc.lines, sc.memo, sc.window.width = 0, m, b.width
	sc.place = sc.place.in(m)
	data, goesOn := b.data, b.goesOn
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		b.matches = append(b.matches, sc.read(line, goesOn)...)
		goesOn = false
	}
	b.lines, b.ending.place = sc.lines, sc.place
	sc.keepPrev() // the buffer will be used again
}

// tailSize is how much of the end of a text is looked at for the time when it ended.
const tailSize = 16 << 10

// lastOf appends data to tail and keeps the end of it.
func lastOf(tail, data []byte) []byte {
	if len(data) >= tailSize {
		return append(tail[:0], data[len(data)-tailSize:]...)
	}
	tail = append(tail, data...)
	return append(tail[:0], tail[max(0, len(tail)-tailSize):]...)
}

// lastTime returns the time of the last line that tells one.
func lastTime(tail []byte) time.Time {
	for len(tail) > 0 {
		i := bytes.LastIndexByte(tail, '\n')
		if t := timeOf(tail[i+1:]); !t.IsZero() {
			return t
		}
		tail = tail[:max(i, 0)]
	}
	return time.Time{}
}
