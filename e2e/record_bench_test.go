package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// printed is how much the recorded command prints.
const printed = 200_000_000

// BenchmarkRecord records a command that prints 200 MB on a terminal: by spraydeck, with supervisor, spool, journal,
// symptoms and the console in a terminal of its own, and by what people use, in the same sitting. The ratios are what
// it is about; walls say something only on a machine that does nothing else.
func BenchmarkRecord(b *testing.B) {
	dir := b.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, playbookOutput(printed), 0o600); err != nil {
		b.Fatal(err)
	}
	book := filepath.Join(dir, "book.yaml")
	if err := os.WriteFile(book, fmt.Appendf(nil, outliveBook, true), 0o600); err != nil {
		b.Fatal(err)
	}
	lines, err := os.ReadFile(book)
	if err != nil {
		b.Fatal(err)
	}
	before, _, _ := strings.Cut(string(lines), "          run:")
	if err := os.WriteFile(book, []byte(before+"          run: cat "+text+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	answers := filepath.Join(dir, "answers.yaml")
	if err := os.WriteFile(answers, []byte("start: continue\nlong/approve: continue\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	// What a killed parent leaves behind comes to us, so that its CPU is counted, too.
	const subreaper = 36
	if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, subreaper, 1, 0); e != 0 {
		b.Fatal(e)
	}
	script, asciinema := peerPath(b, "script"), peerPath(b, "asciinema")
	var ours, byScript, byAsciinema cost
	var screen watched
	runs := 0
	for b.Loop() {
		runs++
		byScript.add(measure(b, func() {
			out := filepath.Join(dir, "typescript")
			peer(b, script, "-q", "-c", "cat "+text, "-T", out+".timing", out)
		}))
		byAsciinema.add(measure(b, func() {
			peer(b, asciinema, "rec", "-q", "--overwrite", "-c", "cat "+text, filepath.Join(dir, "cast"))
		}))
		state := filepath.Join(dir, fmt.Sprint("state", runs))
		ours.add(measure(b, func() {
			record(b, &ours, &screen, state, "run", book, "--checkout", dir, "--answers", answers)
		}))
		ours.bytes = sizeOf(b, state)
		os.RemoveAll(state)
	}
	spool := float64(printed + bytes.Count(playbookOutput(printed), []byte{'\n'})) // the terminal adds a CR to each line
	b.ReportMetric(ours.wall.Seconds()/float64(runs), "s")
	b.ReportMetric(ours.cpu.Seconds()/float64(runs), "cpu-s")
	b.ReportMetric(ours.wall.Seconds()/byScript.wall.Seconds(), "wall/script")
	b.ReportMetric(ours.cpu.Seconds()/byScript.cpu.Seconds(), "cpu/script")
	b.ReportMetric(ours.wall.Seconds()/byAsciinema.wall.Seconds(), "wall/asciinema")
	b.ReportMetric(ours.cpu.Seconds()/byAsciinema.cpu.Seconds(), "cpu/asciinema")
	b.ReportMetric(float64(ours.memory)/1e6, "console-MB")
	b.ReportMetric(float64(ours.own)/1e6, "console-own-MB")
	b.ReportMetric(float64(ours.bytes)/spool, "record/bytes")
	b.ReportMetric(median(screen.gaps), "ms-frame")
	b.ReportMetric(screen.gaps[len(screen.gaps)*99/100], "ms-frame-p99")
	b.ReportMetric(median(screen.keys), "ms-key")
}

func peerPath(b *testing.B, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal(err)
		}
		b.Skipf("requires %s: apt-get install bsdutils asciinema", name)
	}
	return path
}

// playbookOutput is what a playbook prints, in colours.
func playbookOutput(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		switch {
		case i%1000 == 0:
			fmt.Fprintf(&b, "\nTASK [kubernetes/node : Install | Copy kubelet binary from download dir %d] ***\n", i)
		case i%3 == 0:
			fmt.Fprintf(&b, "\x1b[0;33mchanged: [node%d] => {\"changed\": true, \"dest\": \"/usr/local/bin/kubelet\"}\x1b[0m\n", i%40)
		default:
			fmt.Fprintf(&b, "\x1b[0;32mok: [node%d]\x1b[0m\n", i%40)
		}
	}
	return b.Bytes()[:size]
}

// cost is what something took, all its processes together.
type cost struct {
	wall, cpu time.Duration
	memory    int64 // of the console, at most
	own       int64 // of that, without the file of the program, which it shares with the supervisor
	bytes     int64 // of the record
}

func (c *cost) add(d cost) { c.wall, c.cpu = c.wall+d.wall, c.cpu+d.cpu }

// measure waits for whatever work starts.
func measure(b *testing.B, work func()) cost {
	before, begun := children(b), time.Now()
	work()
	wall := time.Since(begun)
	for range 500 { // the supervisor may end a moment after the console
		if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil {
			break
		}
	}
	return cost{wall: wall, cpu: children(b) - before}
}

func children(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peer runs a peer, with its screen in a terminal that somebody reads.
func peer(b *testing.B, name string, args ...string) {
	onTerminal(b, exec.Command(name, args...), nil, func([]byte) {})
}

// watched is what somebody sees who looks at the screen while the command prints.
type watched struct {
	gaps []float64 // between two pictures, in ms
	keys []float64 // between a key and what it shows, in ms
}

// record runs a runbook in the console, and notes the memory it took at most, and what was to be seen.
func record(b *testing.B, c *cost, w *watched, state string, args ...string) {
	const before, printing, asked, over = 0, 1, 2, 3
	cmd := exec.Command(spraydeck, args...)
	cmd.Env = plainEnv(state)
	session := filepath.Join(state, "spraydeck/sessions/*")
	var mu sync.Mutex
	stage, drawn, pressed := before, time.Time{}, time.Time{}
	onTerminal(b, cmd, func(keys io.Writer) {
		mu.Lock()
		defer mu.Unlock()
		journals, _ := filepath.Glob(session + "/transcript.jsonl")
		outs, _ := filepath.Glob(session + "/spool/*.out")
		exits, _ := filepath.Glob(session + "/spool/*.exit")
		switch {
		case len(journals) == 0:
			io.WriteString(keys, "\r") // the plan is read
		case ended(journals[0]):
			io.WriteString(keys, "q")
		case len(exits) > 0:
			stage = over
		case stage == before && len(outs) > 0 && sizeOf(b, outs[0]) > 0:
			stage = printing
		case stage == printing && sizeOf(b, outs[0]) > printed/4:
			stage, pressed = asked, time.Now()
			io.WriteString(keys, "?")
		}
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		for line := range strings.Lines(string(status)) {
			f := strings.Fields(line)
			if len(f) != 3 {
				continue
			}
			n, _ := strconv.ParseInt(f[1], 10, 64)
			switch f[0] {
			case "VmHWM:":
				c.memory = max(c.memory, n<<10)
			case "RssAnon:":
				c.own = max(c.own, n<<10)
			}
		}
	}, func(p []byte) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		switch stage {
		case printing:
			if gap := now.Sub(drawn); !drawn.IsZero() && gap > 2*time.Millisecond { // or it is the rest of the picture
				w.gaps = append(w.gaps, float64(gap.Microseconds())/1000)
			}
			drawn = now
		case asked:
			if bytes.Contains(p, []byte("Keys")) { // the page of help
				w.keys = append(w.keys, float64(now.Sub(pressed).Microseconds())/1000)
				stage = over
			}
		}
	})
}

// ended says whether the last lines of a journal tell that its run is over.
func ended(journal string) bool {
	f, err := os.Open(journal)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, 1024)
	if _, err := f.Seek(-int64(len(b)), io.SeekEnd); err != nil {
		return false
	}
	n, _ := io.ReadFull(f, b)
	return bytes.Contains(b[:n], []byte(`"kind":"ended"`))
}

// onTerminal runs a program in a terminal to its end. What it draws is given to draws; now and then meanwhile may press
// keys.
func onTerminal(b *testing.B, cmd *exec.Cmd, meanwhile func(keys io.Writer), draws func([]byte)) {
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 120, Rows: 40})
	if err != nil {
		b.Fatal(err)
	}
	defer screen.Close()
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := screen.Read(buf)
			if n > 0 {
				draws(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	for {
		select {
		case err := <-exited:
			if err != nil {
				b.Fatal(cmd.Args, err)
			}
			return
		case <-time.After(20 * time.Millisecond):
			if meanwhile != nil {
				meanwhile(screen)
			}
		}
	}
}

func sizeOf(b *testing.B, dir string) (n int64) {
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info os.FileInfo
			if info, err = d.Info(); err == nil {
				n += info.Size()
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}
