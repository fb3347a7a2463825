package report

import (
	"fmt"
	"io"

	"spraydeck/event"
	"spraydeck/transcript"
)

// writeText writes what replay --text --output prints, and last what is known of the record. One that does not verify
// says so first, too.
func writeText(w io.Writer, src Source, l language) error {
	proof := l.say("verified: ", "検証済み: ") + plain(l.verified(src.Check)) + ", " + l.say("digest ", "ダイジェスト ") + src.Check.Digest
	if !src.Check.Verified() {
		proof = l.say("NOT VERIFIED: ", "検証できません (NOT VERIFIED): ") + plain(l.verified(src.Check))
		fmt.Fprintf(w, "%s\n\n", proof)
	}
	err := transcript.Text(w, func(yield func(event.Event, error) bool) {
		for e, err := range src.Entries {
			if !yield(e.Event, err) {
				return
			}
		}
	}, string(l), transcript.TextOptions{Output: true})
	fmt.Fprintf(w, "\n%s\n", proof)
	return err
}
