package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"spraydeck/event"
)

// Document is the JSON of a run; docs/export.md and export.schema.json describe it. Fields may be added; those that are
// there keep their meaning. Output comes last and is written as it is read: it may be large.
type Document struct {
	Format      int           `json:"format"` // 1
	ID          string        `json:"id"`
	Title       event.Text    `json:"title"`
	Runbook     Book          `json:"runbook"`
	Tool        string        `json:"tool"`
	Cluster     string        `json:"cluster,omitempty"`
	From        string        `json:"from,omitempty"`
	To          string        `json:"to,omitempty"`
	Operator    string        `json:"operator,omitempty"`
	Host        string        `json:"host,omitempty"`
	DryRun      bool          `json:"dryRun,omitempty"`
	Rehearses   string        `json:"rehearses,omitempty"`
	Started     time.Time     `json:"started"`
	Ended       *time.Time    `json:"ended,omitempty"` // absent: the transcript stops before the run does
	Took        Seconds       `json:"took"`
	Status      event.Status  `json:"status"`
	Exit        *int          `json:"exit,omitempty"`
	Because     event.Text    `json:"because,omitzero"`
	Verified    Verified      `json:"verified"`
	Inputs      []event.Value `json:"inputs"`
	Steps       []*Step       `json:"steps"`
	Gates       []*Gate       `json:"gates"`
	Commands    []*Command    `json:"commands"`
	Decisions   []*Decision   `json:"decisions"`
	Hits        []*Hit        `json:"hits"`
	Remedies    []*Remedy     `json:"remedies"`
	Nodes       []*NodeChange `json:"nodes"`
	Connections []*Connection `json:"connections"`
	Diffs       []*Diff       `json:"diffs"`
	Remarks     []*Remark     `json:"remarks"`
	Resumes     []*Resume     `json:"resumes"`
	Drift       []*Drift      `json:"drift"`
	Pauses      []*Pause      `json:"pauses"`
	Unread      []string      `json:"unread,omitempty"`
}

// Book is the runbook that was walked.
type Book struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Digest  string `json:"digest,omitempty"` // sha256 of its file
}

// Verified reports whether the transcript is as it was written.
type Verified struct {
	OK     bool   `json:"ok"`
	Events int    `json:"events"`
	Digest string `json:"digest,omitempty"` // of the last good line: spraydeck verify gives it, too
	Line   int    `json:"line,omitempty"`   // the first bad one
	Why    string `json:"why,omitempty"`
}

// Printed is a piece of what a command printed.
type Printed struct {
	Number int     `json:"command"`
	At     Seconds `json:"at"`
	Stream string  `json:"stream"`
	Text   string  `json:"text"`
	Raw    []byte  `json:"raw,omitempty"` // the bytes, where they are no UTF-8

	Omitted int `json:"omitted,omitempty"` // so many bytes were not recorded, as recording was paused
}

// writeJSON reads the transcript twice: once for everything, once to copy the output.
func writeJSON(w io.Writer, src Source, l language) error {
	r := fold(src, nil)
	head, err := json.MarshalIndent(r.document(), "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s,\n  \"output\": [", head[:len(head)-2]) // without its end
	sep := "\n    "
	for e, err := range src.Entries {
		o, ok := e.Data.(event.Output)
		if err != nil || !ok {
			continue
		}
		piece := Printed{Number: o.Number, At: Seconds(e.Elapsed - r.zero), Stream: o.Stream, Text: o.Text, Raw: o.Raw}
		if o.Omitted {
			piece.Omitted = o.Size
		}
		line, err := json.Marshal(piece)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", sep, line); err != nil {
			return err
		}
		sep = ",\n    "
	}
	fmt.Fprint(w, "\n  ]\n}\n")
	if len(r.unread) > 0 {
		return r.unread[0]
	}
	return nil
}

func (r *run) document() *Document {
	h, s := r.header, r.started
	d := &Document{Format: 1, ID: h.ID, Title: s.Title, Runbook: Book{or(s.Runbook, h.Runbook), or(s.Version, h.Version), or(s.Digest, h.Digest)},
		Tool: or(s.Tool, h.Tool), Cluster: or(s.Cluster, h.Cluster), From: or(s.From, h.From), To: or(s.To, h.To),
		Operator: or(s.Operator, h.Operator), Host: h.Host, DryRun: s.DryRun || h.DryRun, Rehearses: or(s.Rehearses, h.Rehearses),
		Started: h.Started, Took: r.last.At, Status: r.status(), Inputs: list(s.Inputs), Steps: list(r.steps), Gates: list(r.gates),
		Commands: list(r.commands), Decisions: list(r.decisions), Hits: list(r.hits), Remedies: list(r.remedies), Nodes: list(r.nodes),
		Connections: list(r.connections), Diffs: list(r.diffs), Remarks: list(r.remarks), Resumes: list(r.resumes), Drift: list(r.drift), Pauses: list(r.pauses)}
	if r.ended != nil {
		d.Ended, d.Exit, d.Because = &r.last.Time, &r.ended.Exit, r.ended.Why
	}
	d.Verified = Verified{OK: r.check.Verified(), Events: r.check.Events, Digest: r.check.Digest}
	switch {
	case r.check.Bad != nil:
		d.Verified.Line, d.Verified.Why = r.check.Bad.Line, r.check.Bad.Why
	case r.check.Torn > 0:
		d.Verified.Line, d.Verified.Why = r.check.Events+2, fmt.Sprintf("the last line is torn: %d bytes", r.check.Torn)
	}
	for _, err := range r.unread {
		d.Unread = append(d.Unread, err.Error())
	}
	return d
}

// list is empty rather than null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
