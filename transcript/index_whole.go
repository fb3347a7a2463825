package transcript

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"spraydeck/event"
)

// RecordWhole is Record for a resumed run: an index that was kept is not taken, all of the file is read. What
// has been written by now is known, and stays all that is known.
func RecordWhole(path string) (*Recording, error) {
	c, err := Record(path)
	if err != nil {
		return nil, err
	}
	c.index, c.loaded = newIndex(c.start), false
	for more := true; more; {
		s := c.Scan(math.MaxInt32)()
		if s.Err != nil {
			c.Close()
			return nil, s.Err
		}
		more = c.Join(s)
	}
	return c, nil
}

// Events returns every event but the output, in order.
func (c *Recording) Events() iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		for _, e := range c.index.events {
			if ev := e.get(); ev.Data != nil && !yield(ev) {
				return
			}
		}
	}
}

// Printed returns all that a command printed. Output that its spool does not have is passed over, as Open has judged it.
func (c *Recording) Printed(number int) iter.Seq2[event.Output, error] {
	return func(yield func(event.Output, error) bool) {
		for _, b := range slices.Backward(c.index.printedIn(number, len(c.index.blocks)-1, math.MaxInt)) {
			done := false
			_, err := eachLine(c.file, c.index.blocks[b].Offset, c.blockEnd(b), func(line []byte, _ int64) bool {
				if _, n, ok := glance(line); ok && n != number {
					return true
				}
				o, _, err := c.out.of(line)
				var lost *SpoolError
				switch {
				case errors.Is(err, errNotOutput), err == nil && o.Number != number, errors.As(err, &lost):
					return true
				case err != nil:
					err = fmt.Errorf("read transcript %s: %w", c.path, err)
				}
				done = !yield(o, err)
				return !done
			})
			if err != nil && !errors.Is(err, io.EOF) {
				yield(event.Output{}, fmt.Errorf("read transcript %s: %w", c.path, err))
				return
			}
			if done {
				return
			}
		}
	}
}

// Recall returns the run as it is at the end, with what the newest n commands that printed anything printed last. That others
// printed is marked, so that a screen can say so.
func (c *Recording) Recall(n int) (*event.State, error) {
	s := c.State(c.End())
	var all []*event.CommandState
	if st := s.Step(""); st != nil {
		all = append(all, st.Commands...)
	}
	for _, st := range s.Steps {
		all = append(all, st.Commands...)
	}
	all = slices.DeleteFunc(all, func(k *event.CommandState) bool { return len(c.index.prints[k.Number]) == 0 })
	slices.SortFunc(all, func(a, b *event.CommandState) int { return b.Number - a.Number })
	for _, k := range all[min(n, len(all)):] {
		k.Output.Dropped = 1
	}
	return s, c.Print(c.End(), all[:min(n, len(all))])
}
