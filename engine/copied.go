package engine

import (
	"strings"

	"spraydeck/event"
)

// copied watches a recorded copy of output for the mark of masking, however it is cut into pieces.
type copied struct {
	tail   map[string]string
	masked map[string]bool // by stream
}

func (c *copied) see(o event.Output) {
	if c.tail == nil {
		c.tail, c.masked = map[string]string{}, map[string]bool{}
	}
	text := c.tail[o.Stream] + o.Text
	if o.Omitted || strings.Contains(text, event.Masked) {
		c.masked[o.Stream] = true
	}
	c.tail[o.Stream] = strings.Clone(text[max(0, len(text)-len(event.Masked)+1):])
}

func (c *copied) any() bool { return c.masked["stdout"] || c.masked["stderr"] }
