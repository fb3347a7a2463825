package transcript

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"spraydeck/event"
)

var testHeader = Header{
	Tool: "0.1.0", Started: time.Date(2026, 11, 20, 22, 15, 3, 0, time.FixedZone("JST", 9*3600)),
	Runbook: "kubespray/v2.28.0", From: "v2.27.0", To: "v2.28.0", Cluster: "prod-4", Locale: "ja",
}

// everyKind is one event of each kind, and some that are awkward.
func everyKind() []event.Event {
	title := event.Text{En: "Endpoint <&> answers", Ja: "エンドポイント"}
	q := event.Question{
		ID: "gate.vip", Form: event.AskGate, Title: title, Details: []string{"curl -k https://10.0.0.1:6443"},
		Choices: []event.Choice{{ID: event.ChoiceOverride, Label: title, NeedsReason: true}}, Opens: true,
	}
	at := testHeader.Started
	all := []event.Data{
		event.Started{Runbook: "kubespray", Version: "1", Title: title, From: "v2.27.0", To: "v2.28.0", Tool: "0.1.0", Locale: "ja", At: at},
		event.Planned{Steps: []event.PlannedStep{{ID: "vip", Title: title, Kind: "check", Danger: event.ReadOnly, Estimate: time.Minute}}},
		event.StepStarted{Attempt: 1},
		event.Described{Operations: []event.Operation{{Host: "node1", Line: "systemctl restart kubelet", Changes: true}}},
		event.CommandStarted{Number: 1, Host: "node1", Line: "systemctl restart kubelet", Changes: true},
		event.NewOutput(1, "stdout", []byte("ok: [node1] \"quoted\" \\ \x1b[32mgreen\x1b[0m\r\n日本語\t\x00\u2028")),
		event.NewOutput(1, "stderr", []byte("bad \xff\xfe bytes")),
		event.Output{Number: 1, Stream: "stdout"},
		event.Output{Number: 1, Stream: "stdout", Size: 120, Omitted: true},
		event.CommandEnded{Number: 1, Exit: 2, Outcome: event.Exited, Error: "exit 2", Hint: "look"},
		event.GateChecked{Gate: "vip", When: "before", Title: title, Required: event.Success, Verdict: event.Fail, Says: title, Evidence: []string{"a", "b"}},
		event.Hit{Pitfall: "lb", Symptom: "s", Title: title, Severity: "outage", Line: "connection refused", Remedies: []event.Remedy{{ID: "r", Title: title}}},
		event.RemedyStarted{ID: "r", Title: title},
		event.RemedyEnded{ID: "r", Status: event.Passed},
		event.Asked{Question: q},
		event.Answered{Question: q.ID, Answer: event.Answer{Choice: event.ChoiceOverride, Reason: "VIP は撤去済み", By: "operator"}},
		event.NodeChanged{Node: event.Node{Name: "node1", Ready: "True", Version: "v1.32.5", Since: at}},
		event.Connection{To: "api", Up: true},
		event.Progress{Play: "p", Task: "t", Tasks: 3, OK: 2},
		event.Compared{Path: "inventory/k8s.yml", Left: "a", Right: "b", Old: "x: 1\n", New: "x: 2\n"},
		event.Remark{Text: title},
		event.UnknownData{Name: "from-the-future", JSON: []byte(`{"a":  [1, 2.50],"b":"\u00e9<>","c":null}`)},
		event.Paused{},
		event.Unpaused{},
		event.Resumed{Tool: "0.2.0", Operator: "k@bastion", Torn: 12, At: at},
		event.Drifted{Step: "vip", Gate: "g", When: "after", Title: title, Was: event.Pass, Now: event.Fail, Says: title, Evidence: []string{"a"}},
		event.StepEnded{Status: event.Passed, Why: title},
		event.Ended{Status: event.Passed, Exit: 0},
	}
	var out []event.Event
	for _, d := range all {
		out = append(out, event.Event{Step: "vip", Data: d})
	}
	return out
}

// memDir is a directory in memory where there is one: most tests are not about the speed of a disk.
func memDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "transcript-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newRun(t testing.TB) *Writer {
	t.Helper()
	w, err := Create(memDir(t), testHeader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func appendAll(t testing.TB, w *Writer, events []event.Event) (written []event.Event) {
	t.Helper()
	for _, e := range events {
		e, err := w.Append(e)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, e)
	}
	return written
}

func readAll(t testing.TB, path string) (events []event.Event) {
	t.Helper()
	r, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// recorded returns a whole run of every kind as bytes.
func recorded(t testing.TB) []byte {
	t.Helper()
	w := newRun(t)
	appendAll(t, w, everyKind())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(memDir(t), FileName)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func hint(err error) string { return event.HintOf(err) }

// faulty fails from the n-th byte on.
type faulty struct {
	file
	room    int
	syncErr error
}

func (f *faulty) Write(p []byte) (int, error) {
	if f.room >= len(p) {
		f.room -= len(p)
		return f.file.Write(p)
	}
	n, _ := f.file.Write(p[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

func (f *faulty) Sync() error {
	if f.syncErr != nil {
		return f.syncErr
	}
	return f.file.Sync()
}

func TestRun(t *testing.T) {
	w := newRun(t)
	if got, want := w.Header().ID, "20261120-221503-kubespray-v2.28.0-prod-4"; got != want {
		t.Errorf("id %s, want %s", got, want)
	}
	for path, want := range map[string]os.FileMode{w.Dir(): 0o700, w.Path(): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
	}
	appendAll(t, w, everyKind())
	res, err := Verify(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if !res.Verified() || res.Events != len(everyKind()) || res.Ended == nil || res.Ended.Status != event.Passed {
		t.Errorf("%+v", res)
	}
	second, err := Create(filepath.Dir(w.Dir()), testHeader)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if got := second.Header().ID; got != w.Header().ID+"-2" {
		t.Errorf("a run of the same second is called %s", got)
	}
}

func TestDiskFull(t *testing.T) {
	for room := range 300 {
		w := newRun(t)
		appendAll(t, w, everyKind()[:3])
		size := w.size
		w.file = &faulty{file: w.file, room: room}
		e := event.Event{Data: event.Remark{Text: event.T(strings.Repeat("x", 300))}}
		_, err := w.Append(e)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), w.Path()) || !strings.Contains(hint(err), "resume "+w.Header().ID) {
			t.Fatalf("%v; hint %q", err, hint(err))
		}
		w.file.(*faulty).room = 1 << 20
		if _, again := w.Append(e); again != err {
			t.Fatalf("the error does not stick: %v", again)
		}
		if err := w.Close(); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("Close: %v", err)
		}
		if res, err := Verify(w.Path()); err != nil || !res.Verified() || res.Size != size {
			t.Fatalf("after %d bytes: %v %v", room, res, err)
		}
	}
}

func TestSyncFails(t *testing.T) {
	w := newRun(t)
	w.file = &faulty{file: w.file, room: 1 << 20, syncErr: syscall.EIO}
	_, err := w.Append(everyKind()[0])
	if !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	if _, again := w.Append(everyKind()[0]); again != err {
		t.Fatalf("the error does not stick: %v", again)
	}
}

// A sync in the background fails: the next event returns the error.
func TestBackgroundSyncFails(t *testing.T) {
	w := newRun(t)
	w.file = &faulty{file: w.file, room: 1 << 20, syncErr: syscall.EIO}
	if _, err := w.Append(event.Event{Data: event.NewOutput(1, "stdout", []byte("x"))}); err != nil {
		t.Fatal(err)
	}
	w.background()
	if _, err := w.Append(everyKind()[0]); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
}

// mount puts a file system of 64 KB at dir. Only root can; in CI a skipped test is a failure.
func mount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=64k,mode=700")
	switch {
	case err == nil:
		t.Cleanup(func() { syscall.Unmount(dir, 0) })
	case os.Getenv("CI") == "true":
		t.Fatalf("mount a tmpfs: %v", err)
	default:
		t.Skipf("skipped, needs root: mount a tmpfs: %v", err)
	}
}

func TestTmpfsFull(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, 0)
	w, err := Create(dir, testHeader)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < 1000; n++ {
		if _, err = w.Append(event.Event{Data: event.NewOutput(1, "stdout", make([]byte, 1000))}); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left on device") {
		t.Fatalf("after %d events: %v", n, err)
	}
	w.Close()
	if res, err := Verify(w.Path()); err != nil || !res.Verified() || res.Events != n {
		t.Errorf("%v %v, want %d events", res, err, n)
	}
	if _, err := Create(dir, testHeader); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Create on the full disk: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("Create left something behind: %v", left)
	}
}

func TestReadOnly(t *testing.T) {
	root := t.TempDir()
	want := error(syscall.EACCES)
	if os.Getuid() == 0 { // permissions do not stop root, a read-only file system does
		mount(t, root, syscall.MS_RDONLY)
		want = syscall.EROFS
	} else if err := os.Chmod(root, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, filepath.Join(root, "sessions")} {
		_, err := Create(dir, testHeader)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), dir) || !strings.Contains(hint(err), "XDG_STATE_HOME") {
			t.Errorf("%v; hint %q", err, hint(err))
		}
	}
}

// A run on a disk that has become read-only can be read, and not gone on with.
func TestReadOnlyResume(t *testing.T) {
	root := t.TempDir()
	if os.Getuid() == 0 {
		mount(t, root, 0)
	}
	w, err := Create(root, testHeader)
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, everyKind()[:3])
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := error(syscall.EACCES)
	if os.Getuid() == 0 {
		if err := syscall.Mount("tmpfs", root, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		want = syscall.EROFS
	} else {
		for _, f := range []string{"lock", FileName} {
			if err := os.Chmod(filepath.Join(w.Dir(), f), 0o400); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := Open(w.Dir()); !errors.Is(err, want) || !strings.Contains(err.Error(), w.Dir()) || hint(err) == "" {
		t.Errorf("%v; hint %q", err, hint(err))
	}
	if res, err := Verify(w.Dir()); err != nil || !res.Verified() || res.Events != 3 {
		t.Errorf("%v %v", res, err)
	}
}

func TestTwoWriters(t *testing.T) {
	w := newRun(t)
	appendAll(t, w, everyKind()[:3])
	_, _, err := Open(w.Dir())
	var inUse *InUseError
	if !errors.As(err, &inUse) || !strings.Contains(inUse.By, "pid ") || !strings.Contains(hint(err), "--follow") {
		t.Fatalf("%v; hint %q", err, hint(err))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w2, _, err := Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer w2.Close()
	if _, err := w.Append(everyKind()[0]); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	appendAll(t, w2, everyKind()[3:])
	if res, err := Verify(w.Dir()); err != nil || !res.Verified() || res.Events != len(everyKind()) {
		t.Errorf("%v %v", res, err)
	}
}

func TestClockGoesBack(t *testing.T) {
	w := newRun(t)
	wall, steady := testHeader.Started, time.Duration(0)
	w.Clock = func() (time.Time, time.Duration) { return wall, steady }
	steps := []struct{ wall, steady time.Duration }{{0, 0}, {time.Second, time.Second}, {-time.Hour, time.Second}, {time.Second, 250 * time.Millisecond}}
	for _, s := range steps {
		wall, steady = wall.Add(s.wall), steady+s.steady
		appendAll(t, w, everyKind()[:1])
	}
	r, err := Read(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	i := 0
	var sum time.Duration
	wall = testHeader.Started
	for e, err := range r.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		wall, sum = wall.Add(steps[i].wall), sum+steps[i].steady
		if !e.Time.Equal(wall) || e.After != steps[i].steady || e.Elapsed != sum {
			t.Errorf("event %d: %v, %v later, %v in all", i+1, e.Time, e.After, e.Elapsed)
		}
		i++
	}
}

func TestUnknownFormat(t *testing.T) {
	path := put(t, []byte(`{"format":7,"spraydeck":"3.0.0","id":"x"}`+"\n"))
	_, err := Read(path)
	if err == nil || !strings.Contains(err.Error(), ":1: format 7") || !strings.Contains(hint(err), "3.0.0") {
		t.Errorf("%v; hint %q", err, hint(err))
	}
	if _, err := Verify(path); err == nil {
		t.Error("Verify accepts it")
	}
}

func TestNotATranscript(t *testing.T) {
	for _, s := range []string{"", "\n", "hello\n", `{"format":1`, "{}\n"} {
		path := put(t, []byte(s))
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path+":1: ") {
			t.Errorf("%q: %v", s, err)
		}
		if res, err := Verify(path); err != nil || res.Verified() {
			t.Errorf("%q: %v %v", s, res, err)
		}
		if _, _, err := Open(path); err == nil {
			t.Errorf("%q: opened", s)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
