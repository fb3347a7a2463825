package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

// console is the real binary in a real terminal, driven by keys.
type console struct {
	t       *testing.T
	socket  string
	state   string
	exit    string // file that will hold the exit code
	screens []string
}

// open starts the binary in tmux at a size, as an operator of the lab.
func (l *lab) open(state string, w, h int, args ...string) *console {
	l.t.Helper()
	return open(l.t, l.environ(state), state, w, h, args...)
}

func open(t *testing.T, env []string, state string, w, h int, args ...string) *console {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tmux is missing")
		}
		t.Skip("requires tmux: apt-get install tmux")
	}
	dir := t.TempDir()
	c := &console{t: t, socket: filepath.Join(dir, "tmux"), state: state, exit: filepath.Join(dir, "exit")}
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = runbook.Quote(a)
	}
	line := fmt.Sprintf("%s %s 2>%s/stderr; echo $? >%s", spraydeck, strings.Join(quoted, " "), dir, c.exit)
	cmd := exec.Command("tmux", "-S", c.socket, "-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h), line)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	t.Cleanup(func() { exec.Command("tmux", "-S", c.socket, "kill-server").Run() })
	return c
}

// press sends keys as fingers do: keys that come closer to each other than 20 ms are taken for a paste.
func (c *console) press(keys ...string) {
	for _, key := range keys {
		exec.Command("tmux", "-S", c.socket, "send-keys", key).Run()
		time.Sleep(60 * time.Millisecond)
	}
}

// read waits as long as a person needs to read a question: keys that come sooner do not answer it.
func (c *console) read() { time.Sleep(1500 * time.Millisecond) }

// quit leaves and gives the exit code.
func (c *console) quit() string {
	c.t.Helper()
	for range 50 {
		if code, ok := c.ended(); ok {
			return code
		}
		c.press("q")
		time.Sleep(300 * time.Millisecond)
	}
	c.t.Fatalf("the console does not leave:\n%s", c.screen())
	return ""
}

// pid is the process of the binary, the only child of the shell in the terminal.
func (c *console) pid() int {
	c.t.Helper()
	shell, err := exec.Command("tmux", "-S", c.socket, "list-panes", "-F", "#{pane_pid}").Output()
	if err != nil {
		c.t.Fatal(err)
	}
	id := strings.TrimSpace(string(shell))
	b, err := os.ReadFile("/proc/" + id + "/task/" + id + "/children")
	if err != nil {
		c.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		c.t.Fatalf("the children of the shell: %q", b)
	}
	return pid
}

func (c *console) typed(text string) {
	for _, r := range text {
		exec.Command("tmux", "-S", c.socket, "send-keys", "-l", string(r)).Run()
		time.Sleep(40 * time.Millisecond)
	}
}

func (c *console) screen() string {
	out, _ := exec.Command("tmux", "-S", c.socket, "capture-pane", "-p").Output()
	return string(out)
}

func (c *console) ended() (code string, ok bool) {
	b, err := os.ReadFile(c.exit)
	return strings.TrimSpace(string(b)), err == nil && len(b) > 0
}

// events reads the transcript that is being written.
func (c *console) events() []event.Event {
	dirs, _ := filepath.Glob(filepath.Join(c.state, "spraydeck", "sessions", "*"))
	if len(dirs) == 0 {
		return nil
	}
	return eventsOf(c.t, dirs[len(dirs)-1])
}

func eventsOf(t *testing.T, path string) []event.Event {
	t.Helper()
	r, err := transcript.Read(path)
	if err != nil {
		return nil
	}
	defer r.Close()
	var events []event.Event
	for e, err := range r.Events() {
		if err != nil {
			break
		}
		events = append(events, e)
	}
	return events
}

// walk answers every question by keys, as an operator would, until the run is over: what answer does not say is
// answered with go on. It fails when nothing moves for a while.
func (c *console) walk(limit time.Duration, answer func(q event.Question, nth int) (choice, reason string)) {
	c.t.Helper()
	asked := map[string]int{}
	var at int64
	moved := time.Now()
	for start := time.Now(); time.Since(start) < limit; time.Sleep(150 * time.Millisecond) {
		if code, ok := c.ended(); ok {
			c.t.Fatalf("the console has gone with exit code %s\n%s", code, strings.Join(c.screens, "\n"))
		}
		state := &event.State{}
		for _, e := range c.events() {
			state.Apply(e)
		}
		if state.Ended != nil {
			return
		}
		if state.Seq != at {
			at, moved = state.Seq, time.Now()
		}
		if time.Since(moved) > 2*time.Minute {
			c.t.Fatalf("nothing moves at %s\n%s", state.Current, c.screen())
		}
		if state.Pending == nil {
			continue
		}
		q := *state.Pending
		asked[q.ID]++
		choice, reason := "", ""
		if answer != nil {
			choice, reason = answer(q, asked[q.ID]-1)
		}
		if choice == "" {
			choice = event.ChoiceContinue
		}
		c.screens = append(c.screens, c.screen())
		c.choose(q, choice, reason)
		c.await(q, state.Seq)
	}
	c.t.Fatalf("the run did not end in %s\n%s", limit, c.screen())
}

// start begins the run from the Plan screen.
func (c *console) start() {
	c.t.Helper()
	for range 300 {
		if strings.Contains(c.screen(), "enter start") {
			c.screens = append(c.screens, c.screen())
			c.read()
			c.press("Enter")
			return
		}
		if code, ok := c.ended(); ok {
			c.t.Fatalf("ended with %s before the plan was shown: %s", code, read(c.t, filepath.Join(filepath.Dir(c.exit), "stderr")))
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("no plan:\n%s", c.screen())
}

// await waits until a question is no longer pending.
func (c *console) await(q event.Question, seq int64) {
	c.t.Helper()
	for i := range 300 {
		if s := c.screen(); i%40 == 39 && (strings.Contains(s, "key ignored") || strings.Contains(s, "keys ignored") || strings.Contains(s, "enter ignored")) {
			if strings.Contains(s, "enter ignored") {
				c.press("Down", "Up")
			}
			c.read()
			c.press("Enter") // a slow machine read the keys all at once, as from a paste
		}
		for _, e := range c.events() {
			if a, ok := e.Data.(event.Answered); ok && a.Question == q.ID && e.Seq > seq-1 {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("%s was not answered\n%s", q.ID, c.screen())
}

// choose presses the keys for a choice. Dialogs that open by themselves ignore keys until typing has paused.
func (c *console) choose(q event.Question, choice, reason string) {
	c.read()
	if q.Type != "" && choice == event.ChoiceContinue {
		c.typed(q.Type)
		c.read()
		c.press("Enter")
		return
	}
	at, safe := -1, 0
	for i, option := range q.Choices {
		if option.ID == choice {
			at = i
		}
		if option.ID == q.Safe {
			safe = i
		}
	}
	if at < 0 {
		c.t.Fatalf("%s does not offer %s", q.ID, choice)
	}
	for ; safe < at; safe++ {
		c.press("Down")
	}
	for ; safe > at; safe-- {
		c.press("Up")
	}
	time.Sleep(100 * time.Millisecond)
	c.press("Enter")
	if reason != "" {
		time.Sleep(300 * time.Millisecond)
		c.typed(reason)
		c.read()
		c.press("Enter")
	}
}
