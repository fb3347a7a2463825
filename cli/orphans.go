package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/regular"
	"spraydeck/transcript"
	"spraydeck/workstation"
)

// sentFile notes, in the directory of a run, the names of the commands that were sent to nodes.
const sentFile = "sent"

// orphan is a command that outlived its console.
type orphan struct {
	Command int       `json:"command"`
	Host    string    `json:"host,omitempty"` // the node it is on
	Line    string    `json:"line"`
	PID     int       `json:"pid,omitempty"` // of its process group, on the workstation
	Started time.Time `json:"started"`
}

func (c *orphan) firstLine() string {
	line, _, _ := strings.Cut(c.Line, "\n")
	return line
}

// orphans returns the commands of a run that are still running, and those whose supervisor was lost while their processes
// live on.
func orphans(dir string) (list []orphan) {
	jobs, _ := workstation.Jobs(filepath.Join(dir, transcript.SpoolDir)) // what cannot be read cannot be running
	for _, j := range jobs {
		if j.State == workstation.Running || j.Left {
			list = append(list, orphan{Command: j.Number, Line: j.Line, PID: j.PID, Started: j.Started})
		}
	}
	return list
}

// leftOnNodes returns the commands that may still run on nodes, as far as the transcript knows: they were sent, and no end of
// them is known, because the console went away or the connection was lost for good. The nodes are not asked.
func leftOnNodes(f transcript.Summary) (list []orphan) {
	if f.Status == event.Running || f.Status == event.Passed {
		return nil // somebody looks after them, or has decided
	}
	b, err := regular.Read(filepath.Join(f.Dir, sentFile))
	if err != nil || len(b) == 0 {
		return nil
	}
	sent := map[string]bool{}
	for name := range strings.Lines(string(b)) {
		name = strings.TrimSuffix(name, "\n")
		sent[name[strings.LastIndexByte(name, '.')+1:]] = true
	}
	open, _ := transcript.OpenCommands(f.Dir)
	for _, c := range open {
		if sent[fmt.Sprint(c.Number)] {
			list = append(list, orphan{Command: c.Number, Host: c.Host, Line: c.Line, Started: c.At})
		}
	}
	return list
}

// tellOrphans says what still runs and how to get back to it.
func tellOrphans(w io.Writer, o *options, saved []session) {
	for _, s := range saved {
		for _, c := range s.Running {
			fmt.Fprintln(w, event.Textf("still running in %s: %s (process %d, since %s)", "%s で実行中: %s (プロセス %d、%s から)",
				s.ID, c.firstLine(), c.PID, minute(c.Started)).In(o.lang))
		}
		for _, c := range s.MayRun {
			fmt.Fprintln(w, event.Textf("left on %s in %s, may still run: %s (since %s)", "%s に残されています (%s)。まだ実行中かもしれません: %s (%s から)",
				c.Host, s.ID, c.firstLine(), minute(c.Started)).In(o.lang))
		}
		if len(s.Running)+len(s.MayRun) > 0 {
			fmt.Fprintln(w, event.Textf("  go on with: spraydeck resume %s", "  再開: spraydeck resume %s", s.ID).In(o.lang))
		}
	}
}

// tellLeft names what may still run on nodes.
func tellLeft(w io.Writer, lang, indent string, list []orphan) {
	for _, c := range list {
		fmt.Fprintln(w, indent+event.Textf("%s: may still run: %s (since %s)", "%s: まだ実行中かもしれません: %s (%s から)",
			c.Host, c.firstLine(), minute(c.Started)).In(lang))
	}
}

func minute(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
