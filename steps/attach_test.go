package steps

import (
	"bytes"
	"context"
	"io"
	"testing"

	"spraydeck/event"
)

// keeping is a node that kept what a command printed. A stand-in for sshx.
type keeping struct {
	Hosts
	printed []byte
}

func (k keeping) Attach(_ context.Context, _, _ string, seen, _ int64, stdout, _ io.Writer) (int, error) {
	for rest := k.printed[seen:]; len(rest) > 0; {
		n := min(7, len(rest))
		if _, err := stdout.Write(rest[:n]); err != nil {
			return -1, err
		}
		rest = rest[n:]
	}
	return 0, nil
}

// TestAttachToMaskedRecord: where the record of a command on a node is masked, its output goes on behind the record, and all
// of it is given as it was printed.
func TestAttachToMaskedRecord(t *testing.T) {
	printed := []byte("token=abc\xff\nand more\nand the end\n")
	for seen := range len(printed) + 1 {
		for _, masked := range []bool{true, false} {
			var out bytes.Buffer
			var whole []byte
			c := event.Command{Host: "node1", Changes: true, Resumed: &event.Seen{Stdout: int64(seen), Masked: masked},
				Original: func(stream string, all []byte) {
					if stream == "stdout" {
						whole = all
					}
				}}
			o := Outside{Hosts: keeping{printed: printed}, Name: func(int) string { return "x" }}
			if exit, err := o.Exec(t.Context(), c, func(_ string, p []byte) { out.Write(p) }); exit != 0 || err != nil {
				t.Fatal(exit, err)
			}
			if !bytes.Equal(out.Bytes(), printed[seen:]) {
				t.Errorf("after %d: %q", seen, out.Bytes())
			}
			if masked && !bytes.Equal(whole, printed) || !masked && whole != nil {
				t.Errorf("after %d, masked %v: the whole is %q", seen, masked, whole)
			}
		}
	}
}
