package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"spraydeck/transcript"
)

// Source is a transcript to export. Check says what Verify found in it, and Entries may be read more than once.
type Source struct {
	Header  transcript.Header
	Check   transcript.Result
	Entries iter.Seq2[transcript.Entry, error]
}

// Open reads and verifies a transcript, given by its file or its directory. One that does not verify is no error: every
// format says so in a visible place.
func Open(path string) (Source, io.Closer, error) {
	check, err := transcript.Verify(path)
	if err != nil {
		return Source{}, nil, err
	}
	r, err := transcript.Read(path)
	if err != nil {
		return Source{}, nil, err
	}
	return Source{r.Header(), check, r.Entries()}, r, nil
}

var writers = map[string]func(io.Writer, Source, language) error{
	"md": writeMarkdown, "html": writeHTML, "cast": writeCast, "cast2": writeCast2, "txt": writeText, "json": writeJSON,
}

// Formats are the names that Write knows.
func Formats() []string {
	return []string{"md", "html", "cast", "cast2", "txt", "json"}
}

// FormatError reports an unknown export format.
type FormatError struct{ Format string }

func (e *FormatError) Error() string { return fmt.Sprintf("export: there is no format %q", e.Format) }

// Hint names those there are.
func (e *FormatError) Hint() string { return "it is one of " + strings.Join(Formats(), ", ") }

// checkFormat reports whether there is a format of this name: nil or a FormatError.
func checkFormat(name string) error {
	if !slices.Contains(Formats(), name) {
		return &FormatError{name}
	}
	return nil
}

// WriteError says that the export could not be written.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return "write the export: " + e.Err.Error() }
func (e *WriteError) Unwrap() error { return e.Err }

// Write exports a run in one of Formats. lang is en or ja; the JSON has both where the transcript has both. The error is
// a FormatError, a WriteError, or says of a transcript that some line of it could not be read: then the export has the
// others.
func Write(w io.Writer, format string, src Source, lang string) error {
	if err := checkFormat(format); err != nil {
		return err
	}
	out := &checked{w: w}
	buffered := bufio.NewWriterSize(out, 64<<10)
	err := writers[format](buffered, src, language(lang))
	if e := buffered.Flush(); out.err == nil && e != nil {
		out.err = e
	}
	if out.err != nil { // whatever the format made of it
		return &WriteError{out.err}
	}
	return err
}

// checked keeps the first error of writing.
type checked struct {
	w   io.Writer
	err error
}

func (c *checked) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	c.err = err
	return n, err
}
