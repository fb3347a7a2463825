package cli

import (
	"errors"
	"fmt"
	"io"

	"spraydeck/event"
	"spraydeck/transcript"
)

// tellUnverified says on one line what is wrong in a record, before anything of it is shown. The error carries the exit
// code; what can be read is shown all the same. A record that cannot be opened at all is not told here.
func tellUnverified(w io.Writer, lang, path string) error {
	result, err := transcript.Verify(path)
	var not *transcript.NotVerifiedError
	if err != nil && !errors.As(err, &not) {
		return nil // the reader says so
	}
	if result.Torn > 0 && result.Bad == nil && result.Spool == nil && transcript.Summarize(dirOf(path)).Status == event.Running {
		return nil // a line on its way
	}
	if result.Verified() {
		return nil
	}
	fmt.Fprintln(w, event.Textf("spraydeck: this record is not as it was written. %s", "spraydeck: この記録は書かれたときのままではありません。%s", result).In(lang))
	return &coded{code: exitNotVerified}
}
