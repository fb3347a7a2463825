package transcript

import (
	"encoding/json"
	"fmt"
	"spraydeck/event"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// currentFormat is the version of the file format that this package writes. It reads all from 1 on.
const (
	currentFormat = 2
	formatSpools  = 2 // from here on, output may be in spools
)

// FileName is the name of the transcript in the directory of its run.
const FileName = "transcript.jsonl"

// Header is the first line of a transcript. It repeats what the first events say, so that a list of runs need not read
// them. Create fills Format, ID and Started where they are zero.
type Header struct {
	Format    int       `json:"format"`
	Tool      string    `json:"spraydeck"` // version that wrote it
	ID        string    `json:"id"`
	Started   time.Time `json:"started"`
	Runbook   string    `json:"runbook"`
	Version   string    `json:"version,omitempty"` // of the runbook
	Digest    string    `json:"digest,omitempty"`  // of its file, and of those it is like or includes
	From      string    `json:"from,omitempty"`
	To        string    `json:"to,omitempty"`
	Cluster   string    `json:"cluster,omitempty"`
	Host      string    `json:"host,omitempty"` // the console's
	Operator  string    `json:"operator,omitempty"`
	Locale    string    `json:"locale,omitempty"`
	DryRun    bool      `json:"dryRun,omitempty"`
	Rehearses string    `json:"rehearses,omitempty"` // id of the run that answers the commands

	Dir   string         `json:"dir,omitempty"`   // where it was recorded: a copy lies elsewhere
	Start *event.Started `json:"start,omitempty"` // what a resume needs where the run broke off before its first event
}

const nameTime = "20060102-150405"

// id names a run so that a sorted listing is in the order of time and a person knows which it was.
func (h Header) id() string {
	parts := []string{h.Started.Format(nameTime)}
	for _, s := range []string{h.Runbook, h.Cluster} {
		if s = slug(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "-")
}

// slug keeps what needs no quoting in a shell, and letters of every script.
func slug(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)), r == '.', r == '_':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 { // two of these and a number fit any file system
			break
		}
	}
	return strings.Trim(b.String(), "-.")
}

func (h Header) encode() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	return b[:len(b)-1], nil // seal closes the object
}

// parseHeader reads line 1. A later format may change anything but this line's "format" and "spraydeck".
func parseHeader(path string, line []byte) (Header, error) {
	var h Header
	if err := json.Unmarshal(line, &h); err != nil || h.Format < 1 {
		return h, &LineError{Path: path, Line: 1, Why: "not the header of a transcript"}
	}
	if h.Format > currentFormat {
		return h, &FormatError{path, h.Format, h.Tool}
	}
	return h, nil
}
