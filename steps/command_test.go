package steps

import (
	"io"
	"testing"

	"spraydeck/event"
	"spraydeck/runbook"
)

// What is shown is all there is: the line, its directory, its virtual environment; a value is quoted, a secret is read.
func TestCommand(t *testing.T) {
	c := &command{Run: template(t, "echo ${who}"), Venv: template(t, "venv"), Dir: template(t, "sub"), TTY: flag(true),
		Stdin: template(t, "sesame"), Exit: []runbook.Int{{Value: 3}}}
	tk, _ := task(nil)
	tk.Set("who", stringType, "a b; rm -rf /")
	cmd := oneLine(t, c, tk)
	if cmd.Line != `. venv/bin/activate && echo 'a b; rm -rf /'` || cmd.Host != event.Workstation || cmd.Dir != "sub" || !cmd.TTY || !cmd.Fed {
		t.Errorf("got %+v", cmd)
	}
	if b, err := io.ReadAll(cmd.Stdin); string(b) != "sesame" || err != nil {
		t.Errorf("it reads %q, %v", b, err)
	}
	if !c.Accepts(3) || c.Accepts(4) {
		t.Error("only exit codes that are named are accepted")
	}
}
