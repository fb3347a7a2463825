package cli

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"unicode/utf16"
)

// TestReadLog: a log that Windows wrote is the same log.
func TestReadLog(t *testing.T) {
	const text = "TASK [etcd : Stop] ****\r\nノード node4\r\n"
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		var b bytes.Buffer
		for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
			_ = binary.Write(&b, order, u)
		}
		err := readLog(&b, "-", func(r io.Reader) error {
			got, err := io.ReadAll(r)
			if string(got) != text {
				t.Errorf("%v: %q", order, got)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
