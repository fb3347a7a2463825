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

// testdata/v1.jsonl is format 1. It is never rewritten: what it holds must be readable for ever.
func TestFormat1(t *testing.T) {
	const path = "testdata/v1.jsonl"
	res, err := Verify(path)
	if err != nil || !res.Verified() || res.Header.Format != 1 || res.Events != 23 || res.Ended == nil {
		t.Errorf("%v %v", res, err)
	}
	if n := len(readAll(t, path)); n != res.Events {
		t.Errorf("read %d events", n)
	}
}

// testdata/v2 is format 2, which is never rewritten either. What is written today must be the same, byte for byte, until
// there is a format 3 with a directory of its own.
func TestFormat2(t *testing.T) {
	w := newRun(t)
	tick := time.Duration(0)
	w.Clock = func() (time.Time, time.Duration) {
		tick += 250 * time.Millisecond
		return testHeader.Started.Add(tick), tick
	}
	all := everyKind()
	appendAll(t, w, all[:len(all)-1])
	supervised(t, w, 7, "stdout", "ok: [node1]\r\n", "日本語\n")
	supervised(t, w, 7, "stderr", "bad \xff\xfe bytes")
	appendAll(t, w, all[len(all)-1:])
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const dir = "testdata/v2"
	names := []string{FileName, "spool/7.out", "spool/7.err"}
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(w.Dir(), name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); os.IsNotExist(err) && *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("the format of %s has changed:\n%s", name, got)
		}
	}
	res, err := Verify(dir)
	if err != nil || !res.Verified() || res.Events != len(all)+3 || res.Ended == nil {
		t.Errorf("%v %v", res, err)
	}
	if n := len(readAll(t, dir)); n != res.Events {
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
	run := func(dir string) (string, error) {
		cmd := exec.Command("sh", "-c", "prev="+script)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	w := newRun(t)
	all := everyKind()
	appendAll(t, w, all[:len(all)-1])
	supervised(t, w, 7, "stdout", "ok: [node1]\n", strings.Repeat("x", 5000))
	supervised(t, w, 7, "stderr", "bad")
	appendAll(t, w, all[len(all)-1:])
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	res, err := Verify(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := run(w.Dir()); err != nil || !strings.Contains(out, res.Digest) || strings.Contains(out, "not ended") {
		t.Errorf("%v: %s; want digest %s", err, out, res.Digest)
	}
	if out, err := run("testdata/v2"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for _, find := range []string{"quoted", `"prev":"`, `"seq":3`, `"ended"`, `"runbook"`, `"sha256":"`} {
		b, err := os.ReadFile(w.Path())
		if err != nil {
			t.Fatal(err)
		}
		b[bytes.Index(b, []byte(find))+len(find)+1] ^= 1
		if out, err := run(filepath.Dir(put(t, b))); err == nil || !strings.Contains(out, "line ") {
			t.Errorf("changed at %q: %s", find, out)
		}
	}
	path := filepath.Join(w.Dir(), "spool", "7.out")
	for _, damage := range []func() error{
		func() error { return rewrite(path, func(b []byte) []byte { b[100] ^= 1; return b }) },
		func() error { return os.Truncate(path, 4000) },
		func() error { return os.Remove(path) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if out, err := run(w.Dir()); err == nil || !strings.Contains(out, "spool/7.out") {
			t.Errorf("%v: %s", err, out)
		}
	}
}
