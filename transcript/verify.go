package transcript

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"spraydeck/event"
	"spraydeck/regular"
)

// Result is what is known of a transcript after reading all of it.
type Result struct {
	Path   string
	Header Header
	Events int
	Last   time.Time    // of the last event, or when the run started
	Ended  *event.Ended // nil: the last event is not the end of a run. It was cut off, killed, or still goes on
	Bad    *LineError   // the first bad line; events after it were not counted
	Spool  *LineError   // the first line whose output is not in its spool as it was; it wraps a SpoolError
	Torn   int64        // bytes after the last whole line
	Size   int64        // of the whole, good lines
	Digest string       // SHA-256 of the last good line: it stands for the whole run

	chain   *chain
	asked   map[string]bool
	spools  spools
	next    map[streamKey]int64 // where the spool of a stream goes on
	paused  bool                // recording was, and still is
	elapsed time.Duration       // since the run started, at the last event
	lost    map[int]*LineError  // of the commands whose output is not all there
	ruined  *LineError          // the first piece of one whose end was seen: no power failure did that
}

// Verified reports whether every line is there and as it was written, with all output that is in spools. A run that has not ended can be verified.
func (r Result) Verified() bool { return r.Bad == nil && r.Torn == 0 && r.Spool == nil }

func (r Result) String() string {
	switch {
	case r.Bad != nil:
		return fmt.Sprintf("NOT verified: %v", r.Bad)
	case r.Torn > 0:
		return fmt.Sprintf("NOT verified: %s: the last line is torn: %d bytes after %d events", r.Path, r.Torn, r.Events)
	case r.Spool != nil:
		return fmt.Sprintf("NOT verified: %v", r.Spool)
	case r.Ended == nil:
		return fmt.Sprintf("verified: %d events, not ended, digest %s", r.Events, r.Digest)
	}
	return fmt.Sprintf("verified: %d events, ended %s, digest %s", r.Events, r.Ended.Status, r.Digest)
}

// Verify reads a transcript, given by its file or its directory, and checks every line and every piece of output in spools.
// What spools have after the last piece is no error: it belongs to a command whose console went away. The error says that it could
// not be read, or is no transcript of a format known here; what is wrong in it is in the Result.
func Verify(path string) (Result, error) { return verify(filePath(path)) }

func verify(path string) (Result, error) {
	f, err := regular.Open(path)
	if err != nil {
		return Result{}, &FileError{"open", path, err}
	}
	defer f.Close()
	return verifyReader(path, f, spools{dir: filepath.Dir(path)})
}

func verifyReader(path string, in io.Reader, from spools) (r Result, err error) {
	r = Result{Path: path, chain: newChain(), asked: map[string]bool{}, spools: from, next: map[streamKey]int64{}, lost: map[int]*LineError{}}
	defer func() { r.spools.close() }()
	s := newScanner(in)
	for {
		line, whole, err := s.read()
		switch {
		case err == io.EOF:
			if s.line == 0 {
				r.Bad = &LineError{Path: path, Line: 1, Why: "the file is empty"}
			}
			return r, nil
		case errors.Is(err, errLong):
			r.Bad = &LineError{Path: path, Line: s.line, Why: err.Error()}
			return r, nil
		case err != nil:
			return r, fmt.Errorf("read transcript %s: %w", path, err)
		case s.line == 1:
			err = r.first(line, whole)
			var format *FormatError
			if errors.As(err, &format) {
				return r, err
			}
		case !whole:
			r.Torn = int64(len(line))
			return r, nil
		default:
			err = r.event(line)
			var piece *SpoolError
			if errors.As(err, &piece) { // the lines go on
				at := &LineError{Path: path, Line: s.line, Why: err.Error(), Err: err}
				if r.Spool == nil {
					r.Spool = at
				}
				if r.lost[piece.Number] == nil {
					r.lost[piece.Number] = at
				}
				err = nil
			}
		}
		if err != nil {
			r.Bad = &LineError{Path: path, Line: s.line, Why: err.Error()}
			return r, nil
		}
		r.Size, r.Digest = s.next, string(r.chain.prev[:])
	}
}

func (r *Result) first(line []byte, whole bool) error {
	if !whole {
		return errors.New("the header is torn")
	}
	h, err := parseHeader(r.Path, line)
	if err != nil {
		var at *LineError
		if errors.As(err, &at) {
			return errors.New(at.Why)
		}
		return err
	}
	r.Header, r.Last = h, h.Started
	return r.chain.check(line, true)
}

func (r *Result) event(line []byte) error {
	if err := r.chain.check(line, false); err != nil {
		return err
	}
	rec, ok := parsePlain(line)
	if !ok {
		var err error
		if rec, err = parseAny(line); err != nil {
			return err
		}
	}
	if rec.seq != int64(r.Events)+1 {
		return fmt.Errorf("event %d stands where %d belongs", rec.seq, r.Events+1)
	}
	r.Events++
	r.Last, r.Ended, r.elapsed = rec.time, nil, r.elapsed+rec.dt
	if rec.kind == outputKind {
		if p, ok := parseSpooled(rec.data); ok {
			r.next[p.key()] = p.At + p.Len
			return r.spools.check(p)
		}
	}
	switch rec.kind {
	case pausedKind, unpausedKind:
		r.paused = rec.kind == pausedKind
		return nil
	case endedKind, askedKind:
	case commandEndedKind:
		if len(r.lost) == 0 {
			return nil
		}
	default:
		return nil // the chain vouches for the rest
	}
	_, data, err := parse(line)
	switch d := data.(type) {
	case event.Ended:
		r.Ended = &d
	case event.Asked:
		if d.Secret {
			r.asked[d.Question.ID] = true
		}
	case event.CommandEnded:
		if r.ruined == nil && d.Outcome != event.StateLost && d.Outcome != event.Abandoned {
			r.ruined = r.lost[d.Number]
		}
	}
	return err
}

var (
	endedKind, askedKind     = event.Ended{}.Kind(), event.Asked{}.Kind()
	pausedKind, unpausedKind = event.Paused{}.Kind(), event.Unpaused{}.Kind()
	commandEndedKind         = event.CommandEnded{}.Kind()
)

// filePath takes the directory of a run for the transcript in it.
func filePath(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, FileName)
	}
	return path
}
