package transcript

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testdata/v1.jsonl is format 1. It is never rewritten: what it holds must be readable for ever, and what is written
// today must be the same, byte for byte, until there is a format 2 with a file of its own.
func TestFormat1(t *testing.T) {
	w := newRun(t)
	tick := time.Duration(0)
	w.Clock = func() (time.Time, time.Duration) {
		tick += 250 * time.Millisecond
		return testHeader.Started.Add(tick), tick
	}
	appendAll(t, w, everyKind())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/v1.jsonl"
	if _, err := os.Stat(path); os.IsNotExist(err) && *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the format has changed:\n%s", got)
	}
	res, err := Verify(path)
	if err != nil || !res.Verified() || res.Events != len(everyKind()) || res.Ended == nil {
		t.Errorf("%v %v", res, err)
	}
	if n := len(readAll(t, path)); n != res.Events {
		t.Errorf("read %d events", n)
	}
}

// The shell script of docs/transcript.md agrees with Verify.
func TestVerifyByHand(t *testing.T) {
	doc, err := os.ReadFile("../docs/transcript.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(doc), "```sh\nprev=")
	script, _, ok := strings.Cut(script, "```")
	if !ok {
		t.Fatal("the page has no script")
	}
	run := func(b []byte) (string, error) {
		path := put(t, b)
		cmd := exec.Command("sh", "-c", "prev="+script)
		cmd.Dir = filepath.Dir(path)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	b := recorded(t)
	res, err := verifyReader("x", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := run(b); err != nil || !strings.Contains(out, res.Digest) {
		t.Errorf("%v: %s; want digest %s", err, out, res.Digest)
	}
	for _, find := range []string{"quoted", `"prev":"`, `"seq":3`, `"ended"`, `"runbook"`} {
		bad := bytes.Clone(b)
		bad[bytes.Index(bad, []byte(find))+len(find)+1] ^= 1
		if out, err := run(bad); err == nil || !strings.Contains(out, "line ") {
			t.Errorf("changed at %q: %s", find, out)
		}
	}
}
