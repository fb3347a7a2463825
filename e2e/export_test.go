package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"spraydeck/runbooks"
)

// tool returns the path of a program that a test needs. Without it the test is skipped, and in CI it fails.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", names[0])
	}
	t.Skipf("requires %[1]s: apt-get install %[1]s", names[0])
	return ""
}

// exported writes the embedded demo in a format, by the real binary, and gives the file.
func exported(t *testing.T, format string, args ...string) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(runbooks.Demo))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	r := command(t, plainEnv(t.TempDir()), spraydeck, append([]string{"export", write(t, "demo.jsonl", string(text)), "--format", format}, args...)...)
	if r.exit != 0 {
		t.Fatalf("exit %d: %s", r.exit, r.err)
	}
	return write(t, "demo."+format, r.out)
}

// TestReportInBrowser: the report opens in a real browser without an error and without a request, shows timeline and
// swimlanes, fits a desk and a telephone, works in the dark, and everything is reached with the keyboard.
func TestReportInBrowser(t *testing.T) {
	path := tool(t, "chromium", "chromium-browser", "google-chrome")
	for _, lang := range []string{"en", "ja"} {
		page := exported(t, "html", "--lang", lang)
		b := browse(t, path)
		for _, width := range []int{1280, 390} {
			for _, scheme := range []string{"light", "dark"} {
				b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false})
				b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
				b.open("file://" + page)
				name := fmt.Sprintf("%s, %d wide, %s", lang, width, scheme)
				var saw struct {
					Lang                             string
					Bars, Nodes, Changes, Marks      int
					Overflow, Hidden, Steps, Tabbed  int
					Light                            bool
					Anchors                          []string
					Contrast                         float64
					LaneWidth, ChartWidth, BarHeight float64
				}
				b.eval(look, &saw)
				if saw.Lang != lang || saw.Bars < 5 || saw.Nodes < 12 || saw.Changes != 4 || saw.Marks < 2 || saw.LaneWidth < saw.ChartWidth/2 || saw.BarHeight < 5 {
					t.Errorf("%s: the chart is %+v", name, saw)
				}
				if saw.Overflow > 0 || len(saw.Anchors) > 0 || saw.Steps < 60 || saw.Tabbed < saw.Steps {
					t.Errorf("%s: %d pixels too wide, links to nowhere %v, %d steps, %d places for the keyboard", name, saw.Overflow, saw.Anchors, saw.Steps, saw.Tabbed)
				}
				if saw.Light != (scheme == "light") || saw.Contrast < 4.5 {
					t.Errorf("%s: light %v, contrast %.1f", name, saw.Light, saw.Contrast)
				}
			}
		}
		for _, url := range b.requests {
			if url != "file://"+page {
				t.Errorf("%s: it asks for %s", lang, url)
			}
		}
		for _, said := range b.said {
			t.Errorf("%s: the browser says: %s", lang, said)
		}
		if len(b.requests) == 0 {
			t.Error("no request was seen at all, not even for the page")
		}
	}
}

// look measures the page. The contrast is the lowest of the texts that a reader needs, as WCAG reckons it.
const look = `(() => {
	const all = q => [...document.querySelectorAll(q)];
	const rgb = s => s.match(/[\d.]+/g).slice(0, 3).map(Number);
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
	const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c) && /^rgb/.test(c)) return rgb(c) } return [255, 255, 255] };
	const contrast = e => { const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x); return (a + .05) / (b + .05) };
	const read = all("h1, h2, p, dt, dd, th, td, summary .title, summary .state, .result strong, .tag, nav a").filter(e => e.textContent.trim() && e.offsetParent);
	const lane = all(".chart .node").map(e => e.getBoundingClientRect());
	return {
		Lang: document.documentElement.lang, Bars: all(".chart .bar").length, Nodes: lane.length, Changes: all(".chart .change").length, Marks: all(".chart .mark").length,
		Overflow: Math.max(0, document.documentElement.scrollWidth - innerWidth), Steps: all("details.step").length,
		Tabbed: all("a[href], summary").filter(e => e.tabIndex >= 0).length,
		Light: light(rgb(getComputedStyle(document.body).backgroundColor)) > .5,
		Anchors: all("a[href^='#']").map(e => e.getAttribute("href")).filter(h => !document.getElementById(h.slice(1))),
		Contrast: Math.min(...read.map(contrast)),
		LaneWidth: Math.max(...lane.map(r => r.right)) - Math.min(...lane.map(r => r.left)), ChartWidth: document.querySelector(".chart svg").getBoundingClientRect().width,
		BarHeight: lane[0].height,
	};
})()`

// browser is a real one, driven over its pipe: file descriptors 3 and 4, messages that end in NUL.
type browser struct {
	t        *testing.T
	in       io.Writer
	messages chan message
	session  string
	id       int
	requests []string
	said     []string // errors and whatever it writes to its console
	loaded   bool
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func browse(t *testing.T, path string) *browser {
	t.Helper()
	toUs, fromIt, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	toIt, fromUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{toIt, fromIt} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toIt.Close()
	fromIt.Close()
	b := &browser{t: t, in: fromUs, messages: make(chan message, 100)}
	t.Cleanup(func() {
		fromUs.Close() // it ends when its pipe does
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
		toUs.Close()
	})
	go func() {
		defer close(b.messages)
		for r := bufio.NewReader(toUs); ; {
			line, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &m) == nil {
				b.messages <- m
			}
		}
	}()
	var target struct{ TargetID string }
	b.result(b.call("Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	b.result(b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Log", "Runtime"} {
		b.call(domain+".enable", nil)
	}
	return b
}

// call sends a command and waits for its answer.
func (b *browser) call(method string, params any) json.RawMessage {
	b.t.Helper()
	b.id++
	m := map[string]any{"id": b.id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if b.session != "" {
		m["sessionId"] = b.session
	}
	text, err := json.Marshal(m)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		m := b.next()
		if m.ID == b.id {
			if m.Error != nil {
				b.t.Fatalf("%s: %s", method, m.Error)
			}
			return m.Result
		}
	}
}

// next takes a message, and notes what it tells of the page.
func (b *browser) next() message {
	b.t.Helper()
	select {
	case m, ok := <-b.messages:
		if !ok {
			b.t.Fatal("the browser has gone")
		}
		switch m.Method {
		case "Network.requestWillBeSent":
			var p struct{ Request struct{ URL string } }
			b.result(m.Params, &p)
			b.requests = append(b.requests, p.Request.URL)
		case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown":
			b.said = append(b.said, string(m.Params))
		case "Page.loadEventFired":
			b.loaded = true
		}
		return m
	case <-time.After(time.Minute):
		b.t.Fatal("the browser does not answer")
	}
	return message{}
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.loaded = false
	b.call("Page.navigate", map[string]any{"url": url})
	for !b.loaded {
		b.next()
	}
}

// eval gives the value of an expression in the page.
func (b *browser) eval(expression string, to any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.result(b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}), &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s", r.ExceptionDetails)
	}
	b.result(r.Result.Value, to)
}

func (b *browser) result(text []byte, to any) {
	b.t.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		b.t.Fatalf("%s: %v", text, err)
	}
}

// TestRecordingPlays: asciinema plays the recording, and prints the whole run.
func TestRecordingPlays(t *testing.T) {
	asciinema := tool(t, "asciinema")
	cast := exported(t, "cast2")
	for _, args := range [][]string{{"cat", cast}, {"play", "-s", "1000", "-i", "0.001", cast}} {
		cmd := exec.Command(asciinema, args...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color", "HOME="+t.TempDir())
		terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 120, Rows: 36}) // it wants one, whatever it does
		if err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
		out, _ := io.ReadAll(terminal) // ends with EIO
		timer.Stop()
		terminal.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("asciinema %s: %v\n%s", args[0], err, tail(string(out), 10))
		}
		for _, want := range []string{"Read the release notes", "ansible-playbook upgrade-cluster.yml", "PLAY RECAP", "exit code 0"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("asciinema %s does not show %q", args[0], want)
			}
		}
	}
}
