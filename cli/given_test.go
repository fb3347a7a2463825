package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// secretLooking are lines that a transcript masks, as files and commands have them.
var secretLooking = []string{
	`kubeadm_certificate_key: "{{ lookup('password', credentials_dir + '/kubeadm_certificate_key.creds length=64') | lower }}"`,
	`# This is where all of the bearer token will be stored`,
	`# kube_webhook_authorization: false`,
	"vsphere_token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3361",
	`password: hunter2-and-more`, "secret: \"a b c\"", "Authorization: Bearer abc.def", "  token = x\t\r",
	"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", "plain [masked] text",
}

// noise is random bytes with lines among them that look like secrets.
func noise(r *rand.Rand) []byte {
	b := []byte("begins\n")
	for range r.IntN(40) {
		switch r.IntN(4) {
		case 0:
			for range r.IntN(3000) {
				b = append(b, byte(r.Uint32()))
			}
		case 1:
			b = fmt.Appendf(b, "ordinary line %d\n", r.IntN(1000))
		default:
			b = append(append(b, secretLooking[r.IntN(len(secretLooking))]...), '\n')
		}
	}
	return b
}

// returned is what the engine gets of a command: what is delivered, or the original where that is masked.
type returned struct {
	out, errs bytes.Buffer
	original  map[string][]byte
}

func (r *returned) run(ctx context.Context, out *world, c event.Command) error {
	r.original = map[string][]byte{}
	c.Original = func(stream string, all []byte) { r.original[stream] = all }
	_, err := out.local(ctx, c, &r.out, &r.errs)
	return err
}

func (r *returned) is(t *testing.T, what, stream string, want []byte) {
	t.Helper()
	got := r.out.Bytes()
	if stream == "stderr" {
		got = r.errs.Bytes()
	}
	if all, masked := r.original[stream]; masked {
		got = all
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %s is not what was printed: %d bytes of %d, %q", what, stream, len(got), len(want), got[:min(len(got), 200)])
	}
}

// TestReturnedByteForByte: what a command prints is given to the engine as it is, also under a supervisor, in a terminal, and
// to a console that takes the command up; and none of its secrets is on the disk.
func TestReturnedByteForByte(t *testing.T) {
	t.Setenv("AS_SPRAYDECK", "1") // the supervisor is this binary
	j, err := transcript.Create(t.TempDir(), transcript.Header{Runbook: "book", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := os.Mkdir(filepath.Join(j.Dir(), transcript.SpoolDir), 0o700); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	first, second := &world{dir: dir}, &world{dir: dir}
	first.record(j, nil)
	second.record(j, nil)
	r := rand.New(rand.NewPCG(1, 2))
	number := 0
	for round := range 12 {
		text := noise(r)
		if round == 0 {
			text = []byte("nothing to mask\n")
		}
		file := filepath.Join(dir, "text")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		read := event.Command{Host: event.Workstation, Line: "cat text"}
		supervised := event.Command{Host: event.Workstation, Line: "cat text; cat text >&2", Changes: true}
		terminal := event.Command{Host: event.Workstation, Line: "cat text", TTY: true}
		for name, c := range map[string]event.Command{"read": read, "supervised": supervised, "terminal": terminal} {
			number++
			c.Number = number
			want := text
			if c.TTY {
				var direct bytes.Buffer // what a terminal makes of it
				if _, err := (&world{dir: dir}).local(t.Context(), c, &direct, io.Discard); err != nil {
					t.Fatal(err)
				}
				want = direct.Bytes()
			}
			var got returned
			if err := got.run(t.Context(), first, c); err != nil {
				t.Fatal(name, err)
			}
			got.is(t, name, "stdout", want)
			if name == "supervised" {
				got.is(t, name, "stderr", want)
				if _, masked := got.original["stdout"]; masked != (round > 0 && bytes.Contains(spooled(t, j, number), []byte(transcript.Masked)) && !bytes.Equal(spooled(t, j, number), text)) {
					t.Errorf("an original is given: %v, the spool has %d bytes of %d", masked, len(spooled(t, j, number)), len(text))
				}
			}
		}
		number++
		c := supervised
		c.Number, c.Line = number, "head -c 100 text; until test -e go; do sleep 0.01; done; tail -c +101 text"
		os.Remove(filepath.Join(dir, "go"))
		var a, b returned
		ended := make(chan error, 1)
		go func() { ended <- a.run(context.Background(), first, c) }()
		for deadline := time.Now().Add(10 * time.Second); len(spooled(t, j, number)) == 0 && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		c.Resumed = &event.Seen{Stdout: int64(len(spooled(t, j, number))), Masked: true}
		go func() { ended <- b.run(context.Background(), second, c) }()
		time.Sleep(20 * time.Millisecond)
		if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
		}
		a.is(t, "the first console", "stdout", text)
		if _, masked := b.original["stdout"]; masked {
			b.is(t, "the second console", "stdout", text)
		}
	}
	for n := range number {
		if b := spooled(t, j, n+1); bytes.Contains(b, []byte("hunter2")) || bytes.Contains(b, []byte("MIIB")) {
			t.Errorf("a secret is in the spool of command %d: %q", n+1, b)
		}
	}
}

func spooled(t *testing.T, j *transcript.Writer, number int) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(j.Dir(), transcript.SpoolDir, fmt.Sprintf("%d.out", number)))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return b
}
