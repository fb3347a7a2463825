package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"spraydeck/sshx/sshtest"
)

const promptBook = `apiVersion: spraydeck/v1
kind: Runbook
name: prompts
version: 1.0.0
title: What ssh asks
system: os
inventory: cat inventory.json
phases:
  - title: All of it
    steps:
      - {id: who, title: Who, on: all, danger: none, ssh: "whoami; sleep 1"}
      - {id: kept, title: Kept, on: all, danger: changes, undo: nothing to undo, ssh: "id -un; sleep 1"}
      - {id: more, title: More, danger: none, command: "test -e more"}
      - {id: last, title: Last, on: all, danger: none, ssh: "whoami"}
`

// asking is a runbook for one node that asks for a password, and how to call spraydeck for it.
type asking struct {
	t    *testing.T
	dir  string
	node *sshtest.Node
	args []string
}

func newAsking(t *testing.T, o sshtest.Options, book string, lines ...string) *asking {
	a := &asking{t: t, dir: t.TempDir(), node: sshtest.Start(t, o)}
	for name, text := range map[string]string{
		"book.yaml": book, "answers.yaml": "start: continue\n\"*/approve\": continue\n",
		"inventory.json": `{"all": {"hosts": ["node"]}, "_meta": {"hostvars": {"node": {}}}}`,
	} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a.args = []string{"--ssh-config", a.node.Config(t, lines...), "--answers", "answers.yaml"}
	return a
}

func (a *asking) call(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		a.t.Fatal(err)
	}
	c := exec.CommandContext(a.t.Context(), self, append(args, a.args...)...)
	c.Dir = a.dir
	c.Env = append(os.Environ(), "AS_SPRAYDECK=1", "XDG_STATE_HOME="+a.dir+"/state", "XDG_CONFIG_HOME="+a.dir+"/config", "HOME="+a.dir, "LANG=C.UTF-8", "TERM=xterm-256color")
	return c
}

// ends waits for the end of the run, as its transcript tells it.
func (a *asking) ends() {
	a.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(a.dir, "state/spraydeck/sessions/*/transcript.jsonl"))
		for _, f := range files {
			if b, _ := os.ReadFile(f); bytes.Contains(b, []byte(`"kind":"ended"`)) {
				return
			}
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("the run does not end: %v", files)
		}
	}
}

// leaked says where a secret is that must not be anywhere: on the screen, in a file of the state directory, in the arguments
// or the environment of a process.
func (a *asking) leaked(secret, screen string, processes []byte) {
	a.t.Helper()
	if strings.Contains(screen, secret) {
		a.t.Errorf("%q is on the screen", secret)
	}
	if bytes.Contains(processes, []byte(secret)) {
		a.t.Errorf("%q is in the arguments or the environment of a process", secret)
	}
	files := 0
	_ = filepath.WalkDir(filepath.Join(a.dir, "state"), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files++
			if b, _ := os.ReadFile(path); bytes.Contains(b, []byte(secret)) {
				a.t.Errorf("%q is in %s", secret, path)
			}
		}
		return nil
	})
	if files == 0 {
		a.t.Error("nothing is in the state directory")
	}
}

// watched runs a command in a terminal of its own, and gives the processes that have the secret in them until it ends.
func (a *asking) watched(cmd *exec.Cmd, secret string) (*screen, func() []byte) {
	s := inTerminal(a.t, cmd)
	done, seen := make(chan error, 1), make(chan []byte, 1)
	go func() { seen <- watchProcesses(secret, done) }()
	return s, func() []byte {
		for all := range s.seen {
			s.last = all
		}
		done <- cmd.Wait()
		return <-seen
	}
}

var passwordOnly = sshtest.Options{SSHD: []string{"PasswordAuthentication yes", "PubkeyAuthentication no"}}

// TestPasswordOnALine: in plain mode the password is asked for without echo, once, again where it is wrong, and by resume.
func TestPasswordOnALine(t *testing.T) {
	a := newAsking(t, passwordOnly, promptBook)
	cmd := a.call("run", "./book.yaml", "--plain")
	s, end := a.watched(cmd, sshtest.Password)
	s.wait("Password of " + sshtest.User + "@127.0.0.1")
	s.wait("value:")
	_, _ = io.WriteString(s.terminal, "wrong one\r")
	s.wait("The last answer was refused.")
	s.wait("value:")
	_, _ = io.WriteString(s.terminal, sshtest.Password+"\r")
	s.wait("choice, 1 to 3:")
	s.typed("3")
	processes := end()
	if code := cmd.ProcessState.ExitCode(); code != 1 || strings.Count(s.last, "Password of") != 2 {
		t.Fatalf("exit %d: %s", code, s.last)
	}
	a.leaked(sshtest.Password, s.last, processes)

	if err := os.WriteFile(filepath.Join(a.dir, "more"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd = a.call("resume", "--plain")
	s, end = a.watched(cmd, sshtest.Password)
	s.wait("Password of")
	s.wait("value:")
	s.typed(sshtest.Password)
	processes = end()
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit %d: %s", code, s.last)
	}
	a.leaked(sshtest.Password, s.last, processes)
}

// TestPasswordInADialog: in the console it is a dialog that shows no letter of it.
func TestPasswordInADialog(t *testing.T) {
	a := newAsking(t, passwordOnly, promptBook)
	if err := os.WriteFile(filepath.Join(a.dir, "more"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := a.call("run", "./book.yaml")
	s, end := a.watched(cmd, sshtest.Password)
	press := func(keys string) {
		time.Sleep(time.Second) // a key that comes at once was typed before the question stood
		for _, k := range keys {
			_, _ = io.WriteString(s.terminal, string(k))
			time.Sleep(30 * time.Millisecond)
		}
	}
	s.wait("What ssh asks")
	press("\r")
	s.wait("Password of " + sshtest.User + "@127.0.0.1")
	press(sshtest.Password + "\r")
	a.ends()
	press("q")
	processes := end()
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit %d: %q", code, s.last)
	}
	a.leaked(sshtest.Password, s.last, processes)
}

const sudoBook = `apiVersion: spraydeck/v1
kind: Runbook
name: prompts
version: 1.0.0
title: What ssh and sudo ask
system: os
inventory: cat inventory.json
phases:
  - title: All of it
    steps:
      - {id: who, title: Who, on: all, danger: none, ssh: "sudo -n whoami; sleep 1"}
      - {id: kept, title: Kept, on: all, danger: changes, undo: nothing to undo, ssh: "sudo -n id -un; sleep 1"}
`

// TestSudoAndPassphrase: the passphrase of a key and the password of sudo are asked for once each, and are nowhere afterwards.
func TestSudoAndPassphrase(t *testing.T) {
	a := newAsking(t, sshtest.Options{}, sudoBook)
	locked := filepath.Join(a.node.Dir, "locked")
	const phrase = "open sesame, please"
	pub := sshtest.WriteKey(t, locked, phrase)
	if err := os.WriteFile(filepath.Join(a.node.Dir, "authorized_keys"), ssh.MarshalAuthorizedKey(pub), 0o644); err != nil {
		t.Fatal(err)
	}
	a.args[1] = a.node.Config(t, "IdentityFile "+locked)
	for _, secret := range []string{phrase, sshtest.Password} {
		cmd := a.call("run", "./book.yaml", "--plain")
		s, end := a.watched(cmd, secret)
		s.wait("Passphrase of the key " + locked)
		s.wait("value:")
		s.typed(phrase)
		s.wait("sudo password of " + sshtest.User + "@node")
		s.wait("value:")
		s.typed(sshtest.Password)
		processes := end()
		if code := cmd.ProcessState.ExitCode(); code != 0 || strings.Count(s.last, "value:") != 2 || strings.Count(s.last, "root\r\n") != 2 {
			t.Fatalf("exit %d: %q", code, s.last)
		}
		a.leaked(secret, s.last, processes)
	}
}

// TestPasswordOfNobody: without a terminal the run ends with 3 and says what was asked; an answers file does not answer it.
func TestPasswordOfNobody(t *testing.T) {
	a := newAsking(t, passwordOnly, promptBook)
	answers := fmt.Sprintf("start: continue\n\"*/approve\": continue\nssh/node: %s\n", sshtest.Password)
	if err := os.WriteFile(filepath.Join(a.dir, "answers.yaml"), []byte(answers), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := a.call("run", "./book.yaml", "--plain")
	out, _ := cmd.CombinedOutput()
	for _, want := range []string{"it asks for the password", "nobody is here to answer", "run spraydeck in a terminal"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("%q is not said", want)
		}
	}
	if code := cmd.ProcessState.ExitCode(); code != 3 || t.Failed() {
		t.Errorf("exit %d: %s", code, out)
	}
}
