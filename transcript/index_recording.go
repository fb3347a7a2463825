package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"spraydeck/event"
)

// Recording is a transcript of any size in which one can be anywhere at once. It holds an index of the file, not what
// the commands printed: that is read from the file when needed.
//
// It is for one goroutine, but what takes long is done beside it: a Scan reads on in the file and is then joined, a
// Search looks through it. So a large file can be looked at while it is still being indexed, and a run while it is
// still being written: Len is what is known so far.
type Recording struct {
	path   string
	header Header
	file   *os.File
	start  int64 // of the first event
	index  *index
	loaded bool // the index came from a file
	saved  int64
	out    output
}

// Record opens a transcript, given by its file or its directory. An index that was kept for it is taken; else, or for
// what has been written since, Scan.
func Record(path string) (*Recording, error) {
	path = filePath(path)
	r, err := Read(path)
	if err != nil {
		return nil, err
	}
	f := r.in.(*os.File)
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, &FileError{"open", path, err}
	}
	c := &Recording{path: path, header: r.header, file: f, start: r.start, index: newIndex(r.start), out: newOutput(path)}
	if x, err := loadIndex(path, f, info.Size()); err == nil {
		c.index, c.loaded, c.saved = x, true, x.Offset
	}
	return c, nil
}

// Close closes the file.
func (c *Recording) Close() error {
	c.out.close()
	return c.file.Close()
}

// Path is the file.
func (c *Recording) Path() string { return c.path }

// Header returns the first line.
func (c *Recording) Header() Header { return c.header }

// Len is how many events are known: positions go from 0 to Len.
func (c *Recording) Len() int { return c.index.Pos }

// End is the place after the last known event.
func (c *Recording) End() Place { return c.index.Place }

// Ended reports whether the last known event is the end of the run.
func (c *Recording) Ended() bool { return c.index.ended }

// Bad is the first line that could not be read, 0 for none. Whether the rest is as it was written, only Verify knows.
func (c *Recording) Bad() int { return c.index.bad }

// Scan is a stretch of the file, read beside what uses the Recording.
type Scan struct {
	from  *index
	start int // position it goes on from
	index *index
	Size  int64 // of the file
	Err   error
}

// More reports whether it found something new.
func (s Scan) More() bool { return s.index == nil || s.index.Pos > s.start }

// Scan returns a function that reads on, at most n bytes, and may run in a goroutine of its own. One at a time.
func (c *Recording) Scan(n int64) func() Scan {
	x, f := c.index, c.file
	y := x.after()
	start := y.Pos
	return func() Scan {
		s := Scan{from: x, start: start, index: y}
		info, err := f.Stat()
		if err != nil {
			s.Err = fmt.Errorf("read transcript %s: %w", f.Name(), err)
			return s
		}
		s.Size = info.Size()
		switch {
		case s.Size < y.Offset: // not the file it was: somebody cut it
			s.index = nil
		case y.bad <= y.Pos+1: // else a line without end stops us
			s.Err = y.scan(f, min(s.Size, y.Offset+n))
		}
		return s
	}
}

// Join takes in what was scanned. It reports whether there is more now than before; a file that was cut begins again.
func (c *Recording) Join(s Scan) (more bool) {
	if s.from != c.index || s.Err != nil {
		return false
	}
	if s.index == nil {
		c.index, c.loaded = newIndex(c.start), false
		return true
	}
	more = s.index.Pos > c.index.Pos
	c.index.join(s.index)
	return more
}

// Save keeps the index beside the transcript, if there is more in it than what is kept. Where that cannot be written,
// the index is built again the next time: not an error.
func (c *Recording) Save() {
	if c.saved == c.index.Offset || filepath.Base(c.path) != FileName {
		return
	}
	if c.index.save(c.path, c.file) == nil {
		c.saved = c.index.Offset
	}
}

// Check returns a function that reports whether the index says what the file does, and may run in a goroutine of its own. It
// is always so unless the index was kept by somebody else, or the file was changed in its middle. If it is not, the
// Scan it gives has the file's own, for Replace.
func (c *Recording) Check() func() (Scan, bool) {
	if !c.loaded {
		return func() (Scan, bool) { return Scan{}, true }
	}
	f, start, size, was := c.file, c.start, c.index.Offset, c.index.still()
	return func() (Scan, bool) {
		old, err := was.pack(f)
		if err != nil {
			return Scan{}, true
		}
		x := newIndex(start)
		for x.Offset < size {
			at := x.Offset
			y := x.after()
			if err := y.scan(f, min(size, at+64<<20)); err != nil || y.Offset == at {
				break
			}
			x.join(y)
		}
		now, err := x.pack(f)
		return Scan{index: x}, err != nil || bytes.Equal(old, now)
	}
}

// Replace takes the index that Check built.
func (c *Recording) Replace(s Scan) {
	c.index, c.loaded, c.saved = s.index, false, -1
}

// At returns the place by position; what lies outside is the nearest end.
func (c *Recording) At(pos int) Place {
	return c.find(func(p Place) bool { return p.Pos > pos })
}

// AtElapsed returns the place at a time since the start: all that had happened by then.
func (c *Recording) AtElapsed(d time.Duration) Place {
	return c.find(func(p Place) bool { return p.Elapsed > d })
}

// AtPlayed is AtElapsed by the clock that cuts pauses.
func (c *Recording) AtPlayed(d time.Duration) Place {
	return c.find(func(p Place) bool { return p.Played > d })
}

// find returns the last place that is not beyond what is looked for.
func (c *Recording) find(beyond func(Place) bool) Place {
	if len(c.index.blocks) == 0 {
		return c.index.Place
	}
	b := c.index.block(beyond)
	x := index{reached: reached{Place: c.index.blocks[b]}}
	at := x.Place
	to := c.blockEnd(b)
	_, _ = eachLine(c.file, at.Offset, to, func(line []byte, next int64) bool {
		dt, _, ok := glance(line)
		if !ok {
			r, _ := parseAny(line)
			dt = r.dt
		}
		x.pass(next, dt)
		if beyond(x.Place) {
			return false
		}
		at = x.Place
		return true
	})
	return at
}

func (c *Recording) blockEnd(b int) int64 {
	if b+1 < len(c.index.blocks) {
		return c.index.blocks[b+1].Offset
	}
	return c.index.Offset
}

// Time is the time of day at a place, that of the run's start before the first event.
func (c *Recording) Time(at Place) time.Time {
	t := c.header.Started
	if at.Pos == 0 || len(c.index.blocks) == 0 {
		return t
	}
	b := c.index.block(func(p Place) bool { return p.Offset >= at.Offset })
	line, err := lastLine(c.file, c.index.blocks[b].Offset, at.Offset)
	if err != nil {
		return t
	}
	if r, ok := parsePlain(line); ok {
		return r.time
	}
	if r, err := parseAny(line); err == nil {
		return r.time
	}
	return t
}

// Mark is an event that somebody may want to go to.
type Mark struct {
	Place
	What Marks
	Step string
}

// Marks returns the events that are any of some, in order.
func (c *Recording) Marks(what Marks) []Mark { return c.MarksAfter(0, what) }

// MarksAfter returns those after a position.
func (c *Recording) MarksAfter(pos int, what Marks) []Mark {
	var out []Mark
	for _, e := range c.index.eventsIn(pos, c.index.Pos) {
		if e.marks&what != 0 {
			out = append(out, Mark{e.Place, e.marks, e.step})
		}
	}
	return out
}

// Event returns the event that a position comes after, if it is not output.
func (c *Recording) Event(pos int) (event.Event, bool) {
	e := c.index.eventsIn(pos-1, pos)
	if len(e) == 0 {
		return event.Event{}, false
	}
	return e[0].get(), true
}

// State returns the run as it was at a place, but for what its commands had printed: that is read for those that are
// looked at, by Print.
func (c *Recording) State(at Place) *event.State {
	s := &event.State{}
	c.fold(s, 0, at.Pos)
	c.stamp(s, at)
	return s
}

// fold applies the events between two positions that are not made obsolete by another between them.
func (c *Recording) fold(s *event.State, from, to int) {
	for _, e := range c.index.eventsIn(from, to) {
		if e.until > 0 && e.until <= to {
			continue
		}
		if ev := e.get(); ev.Data != nil {
			s.Apply(ev)
		}
	}
}

// stamp says when a state is: the last event may be one that was not applied.
func (c *Recording) stamp(s *event.State, at Place) {
	s.Seq, s.Last = int64(at.Pos), c.Time(at)
	if at.Pos == 0 {
		s.Last = time.Time{}
	}
}

// nearby is how many bytes of the file are rather read through than leapt over.
const nearby = 512 << 10

// Forward takes a state from one place to a later one. It adds the output of the commands that wanted selects in
// between, unless that is too much; then it says so, and Print gives them the end of it.
func (c *Recording) Forward(s *event.State, from, to Place, wanted func(number int) bool) (whole bool) {
	from.Offset = max(from.Offset, c.start) // the zero Place is the start
	if to.Offset-from.Offset > nearby {
		c.fold(s, from.Pos, to.Pos)
		c.stamp(s, to)
		return false
	}
	at := from.Pos
	_, _ = eachLine(c.file, from.Offset, to.Offset, func(line []byte, next int64) bool {
		at++
		_, number, ok := glance(line)
		switch {
		case !ok:
			if _, data, err := parse(line); err == nil {
				if number, is := printer(data); is && wanted(number) {
					c.apply(s, line)
				}
			}
		case number >= 0 && wanted(number):
			c.apply(s, line)
		}
		if e := c.index.eventsIn(at-1, at); len(e) > 0 && e[0].get().Data != nil {
			s.Apply(e[0].get())
		}
		return true
	})
	c.stamp(s, to)
	return true
}

func (c *Recording) apply(s *event.State, line []byte) {
	if o, step, err := c.out.seen(line); err == nil {
		s.Apply(event.Event{Step: step, Data: o})
	}
}

// How much of a command's output Print reads at most.
const (
	printLines  = 5000 // as many as a State keeps
	printBytes  = 1 << 20
	printBlocks = 256 // for all commands together
)

// Print adds to commands what they had printed at a place: its last lines, as a State that had seen all of it would have
// them. It reads the file backwards and never far, however large it is.
func (c *Recording) Print(at Place, commands []*event.CommandState) error {
	pending := map[int]*printed{}
	per := max(4, printBlocks/max(1, len(commands)))
	blocks := map[int]bool{}
	here := c.index.block(func(p Place) bool { return p.Offset >= at.Offset })
	for _, k := range commands {
		k.Output = event.Tail{}
		in := c.index.printedIn(k.Number, here, per+1)
		p := &printed{command: k, more: len(in) > per}
		in = in[:min(len(in), per)]
		for _, b := range in {
			blocks[b] = true
		}
		if len(in) > 0 {
			p.first = in[len(in)-1]
			pending[k.Number] = p
		}
	}
	var failed error
	for _, b := range slices.Backward(sortedKeys(blocks)) {
		if err := c.printBlock(b, min(at.Offset, c.blockEnd(b)), pending); err != nil && failed == nil {
			failed = err
		}
	}
	for _, p := range pending {
		p.give()
	}
	return failed
}

// printBlock reads what some commands printed in a block, from its end.
func (c *Recording) printBlock(b int, end int64, pending map[int]*printed) error {
	from := c.index.blocks[b].Offset
	buf := make([]byte, max(0, end-from))
	if _, err := c.file.ReadAt(buf, from); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read transcript %s: %w", c.path, err)
	}
	for len(buf) > 0 {
		buf = buf[:len(buf)-1] // the newline
		i := bytes.LastIndexByte(buf, '\n')
		line := buf[i+1:]
		buf = buf[:i+1]
		_, number, ok := glance(line)
		if ok && number < 0 {
			continue
		}
		if ok && (pending[number] == nil || pending[number].full(b)) {
			continue
		}
		o, _, err := c.out.seen(line)
		if err != nil {
			continue // a damaged line, or no output after all
		}
		if p := pending[o.Number]; p != nil && !p.full(b) {
			p.add(o)
		}
	}
	return nil
}

// printed collects the output of a command from its end.
type printed struct {
	command *event.CommandState
	pieces  []event.Output // the last one first
	lines   int
	bytes   int
	first   int  // block to read, of the lowest number
	more    bool // there is more than what is read
}

func (p *printed) full(block int) bool {
	if block < p.first {
		return true
	}
	if p.lines > printLines || p.bytes > printBytes {
		p.more = true
		return true
	}
	return false
}

func (p *printed) add(o event.Output) {
	p.pieces = append(p.pieces, o)
	p.bytes += len(o.Text)
	p.lines += bytes.Count([]byte(o.Text), []byte{'\n'})
}

// give folds what was collected, without the rest of a line whose beginning was not read.
func (p *printed) give() {
	var s event.State
	s.Apply(event.Event{Data: p.command.CommandStarted})
	cut := p.more
	for _, o := range slices.Backward(p.pieces) {
		if i := bytes.IndexByte([]byte(o.Text), '\n'); cut && i >= 0 {
			o.Text, cut = o.Text[i+1:], false
		} else if cut && p.lines > 0 {
			continue
		}
		s.Apply(event.Event{Data: o})
	}
	p.command.Output = s.Step("").Commands[0].Output
	if p.more {
		p.command.Output.Dropped = max(1, p.command.Output.Dropped)
	}
}

func sortedKeys(m map[int]bool) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Ints(keys)
	return keys
}
