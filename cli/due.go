package cli

import (
	"fmt"
	"io"

	"spraydeck/event"
	"spraydeck/transcript"
)

// dueOf returns what a run has loosened for the time of the work and not put back. Of a run at work that is as it should be.
func dueOf(f transcript.Summary) []event.Text {
	if f.Status == event.Running || f.Err != nil {
		return nil
	}
	due, _ := transcript.Due(f.Dir) // what can be read of it
	var list []event.Text
	for _, l := range due {
		list = append(list, l.Title)
	}
	return list
}

// tellDue names what is loosened in saved runs, and how to put it back.
func tellDue(w io.Writer, o *options, saved []session) {
	for _, s := range saved {
		for _, t := range s.Due {
			fmt.Fprintln(w, event.Textf("still applied from %s: ", "%s で適用されたまま: ", s.ID).Plus(t).In(o.lang))
		}
		if len(s.Due) > 0 {
			fmt.Fprintln(w, event.Textf("  put it back with: spraydeck resume %s", "  元に戻す: spraydeck resume %s", s.ID).In(o.lang))
		}
	}
}
