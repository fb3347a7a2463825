package transcript

import (
	"fmt"
	"io"
	"iter"

	"spraydeck/event"
)

// Inline writes a transcript as one file that needs no spools: what commands printed is in its lines. Its events, their
// times and numbers are the same; its chain is its own. It can be rehearsed against, replayed and verified like any other.
func Inline(w io.Writer, h Header, entries iter.Seq2[Entry, error]) error {
	h.Format = 1 // the format without spools
	head, err := h.encode()
	if err != nil {
		return err
	}
	c := newChain()
	if _, err := w.Write(c.seal(head)); err != nil {
		return err
	}
	var buf []byte
	for e, err := range entries {
		if err != nil {
			return err
		}
		var data []byte
		if _, output := e.Data.(event.Output); !output {
			if data, err = encodeData(e.Data); err != nil {
				return fmt.Errorf("encode %s event: %w", e.Data.Kind(), err)
			}
		}
		buf = c.seal(c.open(buf[:0], e.Event, e.After, data))
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}
