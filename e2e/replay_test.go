package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"spraydeck/event"
	"spraydeck/transcript"
	"spraydeck/transcript/transcripttest"
)

// sessions is where the binary looks for runs.
func sessions(t testing.TB, state string) string {
	t.Helper()
	dir := filepath.Join(state, "spraydeck", "sessions")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shows waits until a screen has some words in it.
func (c *console) shows(words ...string) {
	c.t.Helper()
	var screen string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		screen = c.screen()
		missing := false
		for _, w := range words {
			missing = missing || !strings.Contains(screen, w)
		}
		if !missing {
			return
		}
	}
	c.t.Fatalf("the screen never shows %q:\n%s", words, screen)
}

// TestReplayLarge: a large recording opens, and its end, its last failure and what was printed once are a key away. With
// SPRAYDECK_LARGE_MB=1024 it is 1 GB.
func TestReplayLarge(t *testing.T) {
	mb, err := strconv.ParseInt(os.Getenv("SPRAYDECK_LARGE_MB"), 10, 64)
	if err != nil {
		mb = 16
	}
	for _, spooled := range []bool{false, true} {
		t.Run(fmt.Sprintf("spooled=%v", spooled), func(t *testing.T) {
			state := t.TempDir()
			dir, err := transcripttest.Large(sessions(t, state), mb<<20, spooled)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time with an index
				c := open(t, plainEnv(state), state, 120, 40, "replay")
				c.shows("REPLAY", "prod-4", "step 1 of 40")
				c.press("G")
				c.shows("■ end", "step 40 of 40", "The run has ended: failed")
				c.press("[")
				c.shows("step 39 of 40", "the playbook failed on one node")
				c.typed("/" + transcripttest.Needle)
				c.press("Enter")
				c.shows("match 1 of 1", "msg: "+transcripttest.Needle)
				c.typed(":node-20")
				c.press("Enter")
				c.shows("step 21 of 40")
				c.shows("verified ✓")
				if code := c.quit(); code != "0" {
					t.Errorf("exit code %s", code)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, transcript.IndexName)); err != nil {
				t.Error(err)
			}
			if r := command(t, plainEnv(state), spraydeck, "verify"); r.exit != 0 {
				t.Errorf("an index changes what verify says: %s", r)
			}
		})
	}
}

// TestReplayFollow: a second person sees a run as it is written, that its console went away, that another took it up,
// and its end; on the screen and as text.
func TestReplayFollow(t *testing.T) {
	state := t.TempDir()
	w, err := transcript.Create(sessions(t, state), transcript.Header{Tool: "test", Runbook: "make-tea", Cluster: "kitchen"})
	if err != nil {
		t.Fatal(err)
	}
	put := func(step string, d event.Data) {
		t.Helper()
		if _, err := w.Append(event.Event{Step: step, Data: d}); err != nil {
			t.Fatal(err)
		}
	}
	put("", event.Started{Runbook: "make-tea", Title: event.T("Make tea"), Cluster: "kitchen", At: time.Now()})
	put("", event.Planned{Steps: []event.PlannedStep{{ID: "boil", Title: event.T("Boil water"), Kind: "command"}}})
	put("boil", event.StepStarted{Attempt: 1})
	put("boil", event.CommandStarted{Number: 1, Host: "workstation", Line: "kettle --on"})

	text := exec.Command(spraydeck, "replay", "--text", "--output", "--follow")
	text.Env = plainEnv(state)
	out, err := text.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	text.Stderr = &said
	if err := text.Start(); err != nil {
		t.Fatal(err)
	}
	defer text.Process.Kill()
	lines := bufio.NewReader(out)
	printed := func(want string) {
		t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if strings.Contains(line, want) {
				return
			}
			if err != nil {
				t.Fatalf("text ends without %q: %v", want, err)
			}
		}
	}
	c := open(t, plainEnv(state), state, 120, 40, "replay", "--follow")
	c.shows("● live", "Boil water", "kettle --on")
	put("boil", event.NewOutput(1, "stdout", []byte("20 degrees\n")))
	c.shows("20 degrees")
	printed("20 degrees")
	c.press("g")
	c.shows("behind")
	put("boil", event.NewOutput(1, "stdout", []byte("60 degrees\n")))
	c.press("G")
	c.shows("● live", "60 degrees")

	if err := w.Close(); err != nil { // the console goes away, with half a line on its way
		t.Fatal(err)
	}
	half, err := os.OpenFile(w.Path(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(half, `{"seq":8,"time":"`)
	half.Close()
	c.shows("interrupted")
	w, _, err = transcript.Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	put("boil", event.NewOutput(1, "stdout", []byte("100 degrees\n")))
	c.shows("● live", "100 degrees")
	printed("100 degrees")
	put("boil", event.CommandEnded{Number: 1, Outcome: event.Done})
	put("boil", event.StepEnded{Status: event.Passed})
	put("", event.Ended{Status: event.Passed})
	c.shows("■ end", "The run has ended: done", "verified ✓")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if code := c.quit(); code != "0" {
		t.Errorf("exit code %s", code)
	}
	printed("passed")
	if err := text.Wait(); err != nil {
		t.Error(err)
	}
	if s := said.String(); !strings.Contains(s, "interrupted") || !strings.Contains(s, "resumed") {
		t.Errorf("stderr: %q", s)
	}
}

// BenchmarkReplay times the real binary on a recording of SPRAYDECK_BENCH_MB (1024) in a terminal: until its first frame,
// with an index and without, and from a key until the screen shows where it leads. Beside it what other recorders take to
// the end of their recording of the same output.
func BenchmarkReplay(b *testing.B) {
	mb, err := strconv.ParseInt(os.Getenv("SPRAYDECK_BENCH_MB"), 10, 64)
	if err != nil {
		mb = 1024
	}
	state := b.TempDir()
	dir, err := transcripttest.Large(sessions(b, state), mb<<20, false)
	if err != nil {
		b.Fatal(err)
	}
	index := filepath.Join(dir, transcript.IndexName)
	replay := func() *screenful { return onScreen(b, plainEnv(state), spraydeck, "replay", dir) }
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

	var bare, rate, first, busy, search, rss float64
	var start, end, failure, step []float64
	b.Run("spraydeck", func(b *testing.B) {
		for b.Loop() {
			os.Remove(index)
			s := replay()
			bare = ms(s.until("REPLAY"))
			for _, err := os.Stat(index); err != nil; _, err = os.Stat(index) { // kept once all is indexed
				time.Sleep(10 * time.Millisecond)
			}
			rate = float64(sizeOf(b, dir)) / 1e6 / time.Since(s.begun).Seconds()
			s.quit()

			s = replay()
			first = ms(s.until("REPLAY"))
			busy = ms(s.key("G", "■ end")) // while all of it is being verified
			s.from = 0
			s.until("verified ✓")
			for range 5 {
				for _, k := range []struct {
					keys, words string
					took        *[]float64
				}{{"g", "No step yet", &start}, {"G", "■ end", &end}, {"[", "paused", &failure}, {"\x1b[D", "▶ 39", &step}} {
					s.settle()
					*k.took = append(*k.took, ms(s.key(k.keys, k.words)))
				}
			}
			s.settle()
			search = ms(s.key("/"+transcripttest.Needle+"\r", "match 1 of 1"))
			rss = s.quit()
		}
		b.ReportMetric(bare, "ms-first-frame-no-index")
		b.ReportMetric(rate, "MB/s-indexed")
		b.ReportMetric(first, "ms-first-frame")
		b.ReportMetric(busy, "ms-to-end-while-verifying")
		b.ReportMetric(median(start), "ms-to-start")
		b.ReportMetric(median(end), "ms-to-end")
		b.ReportMetric(median(failure), "ms-to-failure")
		b.ReportMetric(median(step), "ms-to-step")
		b.ReportMetric(search, "ms-to-search-all")
		b.ReportMetric(rss, "MB-rss")
	})

	cast, typescript, timing := others(b, dir)
	peers := []struct {
		tool string
		args []string
	}{
		{"asciinema", []string{"play", "-s", "1e9", cast}},
		{"asciinema", []string{"cat", cast}},
		{"scriptreplay", []string{"-d", "1e9", "-t", timing, "-O", typescript}},
		{"tail", []string{"-c", "64K", typescript}},
	}
	for _, p := range peers {
		b.Run(p.tool+"-"+p.args[0], func(b *testing.B) {
			if _, err := exec.LookPath(p.tool); err != nil {
				b.Skipf("requires %s", p.tool)
			}
			var took time.Duration
			for b.Loop() {
				begin := time.Now()
				onScreen(b, plainEnv(state), p.tool, p.args...).drain()
				took = time.Since(begin)
			}
			b.ReportMetric(ms(took)/median(end), "x-spraydeck-to-end")
			b.ReportMetric(ms(took), "ms-to-end")
		})
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// others writes what asciinema and script would have recorded of the same output.
func others(b *testing.B, run string) (cast, typescript, timing string) {
	b.Helper()
	dir := b.TempDir()
	cast, typescript, timing = filepath.Join(dir, "cast"), filepath.Join(dir, "typescript"), filepath.Join(dir, "timing")
	var files [3]*bufio.Writer
	for i, path := range []string{cast, typescript, timing} {
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		files[i] = bufio.NewWriter(f)
		defer files[i].Flush()
	}
	fmt.Fprintln(files[0], `{"version":2,"width":120,"height":40}`)
	fmt.Fprintln(files[1], "Script started on 2026-11-14 22:03:00+00:00")
	r, err := transcript.Read(run)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.Entries() {
		if err != nil {
			b.Fatal(err)
		}
		o, ok := e.Data.(event.Output)
		if !ok {
			continue
		}
		text, _ := json.Marshal(o.Text)
		fmt.Fprintf(files[0], "[%f, \"o\", %s]\n", e.Elapsed.Seconds(), text)
		files[1].WriteString(o.Text)
		fmt.Fprintf(files[2], "%f %d\n", e.After.Seconds(), len(o.Text))
	}
	return cast, typescript, timing
}

// screenful is a program in a terminal whose output is read and thrown away, but for the words somebody waits for.
type screenful struct {
	t     testing.TB
	cmd   *exec.Cmd
	tty   *os.File
	begun time.Time
	seen  chan []byte
	all   []byte
	from  int // what was drawn before is old
}

func onScreen(t testing.TB, env []string, name string, args ...string) *screenful {
	t.Helper()
	s := &screenful{t: t, cmd: exec.Command(name, args...), begun: time.Now(), seen: make(chan []byte, 1024)}
	s.cmd.Env = env
	tty, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	s.tty = tty
	go func() {
		defer close(s.seen)
		buf := make([]byte, 64<<10)
		for {
			n, err := tty.Read(buf)
			if n > 0 {
				s.seen <- bytes.Clone(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	return s
}

// until waits for words behind from and gives the time since the start. They have to be new on the screen: what is there
// already is not sent again.
func (s *screenful) until(words string) time.Duration {
	s.t.Helper()
	for limit := time.After(2 * time.Minute); ; {
		if strings.Contains(ansi.Strip(string(s.all[s.from:])), words) {
			return time.Since(s.begun)
		}
		select {
		case b, ok := <-s.seen:
			if !ok {
				s.t.Fatalf("%s ended without %q: %s", s.cmd, words, s.all)
			}
			s.all = append(s.all, b...)
		case <-limit:
			s.t.Fatalf("%s never shows %q: %s", s.cmd, words, s.all)
		}
	}
}

// key presses keys and gives the time until words are drawn that tell that it is done.
func (s *screenful) key(keys, words string) time.Duration {
	s.t.Helper()
	s.from = len(s.all)
	begun := time.Since(s.begun)
	io.WriteString(s.tty, keys)
	return s.until(words) - begun
}

// settle waits until nothing more is drawn.
func (s *screenful) settle() {
	for {
		select {
		case b := <-s.seen:
			s.all = append(s.all, b...)
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

// quit leaves, and gives the largest memory in MB.
func (s *screenful) quit() float64 {
	io.WriteString(s.tty, "q")
	s.drain()
	return float64(s.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
}

func (s *screenful) drain() {
	for range s.seen {
	}
	s.cmd.Wait()
	s.tty.Close()
}
