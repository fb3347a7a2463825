package transcript

import (
	"os"
	"path/filepath"
)

// Repair says what Open had to cut from the end of a transcript: the part of a line that a dying console left.
type Repair struct {
	Cut   int64      // bytes; 0 = the file was whole
	At    int64      // where the file ends now
	Spool *LineError // output of a command that had not ended and that its spool does not have, as after a power failure
}

// Open takes up a run to go on with it. It verifies the whole run first, and refuses with NotVerifiedError where the
// chain is broken or the output of a command that ended is not as it was, with InUseError while another console writes. A
// torn last line is cut, and a power failure may have cost the last output of a command that ran: say so to the operator.
// Secrets have to be given to Mask again, they are nowhere in the file. Where recording was paused it still is.
func Open(path string) (_ *Writer, r Repair, err error) {
	path = filePath(path)
	if _, err := os.Stat(path); err != nil { // before the lock file is made
		return nil, r, &FileError{"open", path, err}
	}
	held, err := lock(filepath.Dir(path))
	if err != nil {
		return nil, r, err
	}
	defer func() {
		if err != nil {
			held.Close()
		}
	}()
	res, err := verify(path)
	if err != nil {
		return nil, r, err
	}
	if res.Bad != nil {
		return nil, r, &NotVerifiedError{res.Bad}
	}
	if res.ruined != nil {
		return nil, r, &NotVerifiedError{res.ruined}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, r, &FileError{"open", path, err}
	}
	if res.Torn > 0 {
		if err = f.Truncate(res.Size); err == nil {
			err = f.Sync()
		}
		if err != nil {
			f.Close()
			return nil, r, &FileError{"repair", path, err}
		}
		r = Repair{Cut: res.Torn, At: res.Size}
	}
	r.Spool = res.Spool
	w := newWriter(path, res.Header, held, f)
	w.chain.prev = res.chain.prev
	w.size, w.seq, w.elapsed = res.Size, int64(res.Events), res.elapsed
	w.prior = res.Last
	w.spool.next, w.pause.on = res.next, res.paused
	for id := range res.asked {
		w.asked[id] = true
	}
	return w, r, nil
}
