package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"spraydeck/event"
	"spraydeck/runbooks"
	"spraydeck/transcript"
)

var update = flag.Bool("update", false, "rewrite the expected files")

const secret = "Hunter2-correct/horse"

// story is a run in which everything goes wrong that can: a gate is overridden, a step fails, a node goes away, output
// tries to act on the reader.
func story() []event.Event {
	text := func(en, ja string) event.Text { return event.Text{En: en, Ja: ja} }
	node := func(name, ready, version string, cordoned bool, roles ...string) event.Data {
		return event.NodeChanged{Node: event.Node{Name: name, Ready: ready, Version: version, Unschedulable: cordoned, Roles: roles}}
	}
	in := func(step string, data ...event.Data) (list []event.Event) {
		for _, d := range data {
			list = append(list, event.Event{Step: step, Data: d})
		}
		return list
	}
	gate := event.GateChecked{Gate: "vip", When: "before", Title: text("No node names the virtual address", "仮想アドレスを接続先にしているノードがない"), Required: event.Success,
		Verdict: event.Fail, Says: text("These files name it.", "次のファイルです。"), Evidence: []string{"node2 kubelet.conf | https://vip:6443 <b>"}, Pitfall: "vip-outage", Severity: "outage"}
	again := gate
	again.Verdict, again.Says, again.Evidence = event.Pass, event.Text{}, nil
	var long strings.Builder
	for i := range 230 {
		fmt.Fprintf(&long, "line %d\n", i)
	}
	return slices.Concat(
		in("", event.Started{Runbook: "kubespray/v2.28.0", Version: "1.0.0", Digest: strings.Repeat("ab", 32), Title: text("Upgrade <Kubespray>", "Kubespray の更新"), From: "v2.27.0", To: "v2.28.0",
			Cluster: "prod-4", Operator: "ops@bastion", Tool: "0.1.0", Inputs: []event.Value{{Name: "kube_version", Text: "1.32.5"}, {Name: "password", Secret: true}}},
			event.Planned{Steps: []event.PlannedStep{
				{ID: "vip", Title: text("The endpoint answers", "エンドポイントの応答"), Phase: text("Before the window", "事前"), Kind: "check", Danger: event.ReadOnly},
				{ID: "park", Title: text("Park local changes", "変更の退避"), Phase: text("Before the window", "事前"), Kind: "command", Danger: event.Changes},
				{ID: "upgrade", Title: text("Upgrade the nodes", "ノードの更新"), Why: text("The point of it all.", "本番です。"), Phase: text("The upgrade", "更新"), Kind: "ansible", Danger: event.Disrupts, NoReturn: true, Hosts: []string{"node1", "node2"}},
				{ID: "after[node2]", Title: text("Look around", "確認"), Phase: text("The upgrade", "更新"), Kind: "check", Danger: event.ReadOnly}}},
			event.Connection{To: "https://10.0.0.1:6443", Up: true},
			node("node2", "True", "v1.31.4", false), node("node1", "True", "v1.31.4", false, "control-plane")),
		in("vip", event.StepStarted{Attempt: 1},
			event.CommandStarted{Number: 1, Host: "node2", Line: "grep server: /etc/kubernetes/*.conf", Probe: true},
			event.NewOutput(1, "stdout", []byte("server: https://vip:6443\npassword="+secret+"\n")),
			event.CommandEnded{Number: 1, Exit: 1, Outcome: event.Exited},
			gate,
			event.Asked{Question: event.Question{ID: "vip/vip-outage", Form: event.AskGate, Title: gate.Title, Choices: []event.Choice{
				{ID: event.ChoiceOverride, Label: text("go on without it", "このまま進む")}, {ID: event.RemedyPrefix + "vip-outage/repoint", Label: text("repoint", "接続先変更")}}}},
			event.Answered{Question: "vip/vip-outage", Answer: event.Answer{Choice: event.ChoiceOverride, Reason: "moved last week | see <CHG-1>", By: "operator", Shown: "a1b2", Book: "c3d4"}},
			event.StepEnded{Status: event.Overridden}),
		in("park", event.StepEnded{Status: event.Skipped, Why: text("nothing is changed", "変更なし")}),
		in("upgrade", event.StepStarted{Attempt: 1},
			event.CommandStarted{Number: 2, Host: event.Workstation, Line: "ansible-playbook -i inventory.ini \\\n  upgrade-cluster.yml -e `x`", Changes: true},
			event.NewOutput(2, "stdout", []byte("PLAY [all]\r\n\x1b]0;title\x07\x1b[31mfatal: [nod")), // a line cut in two
			event.NewOutput(2, "stdout", []byte("e1]\x1b[0m <script>alert(1)</script> \x1b[2J\x1b[?1049h \u202e``` | done\n 10%\r 50%\r100%\n")),
			event.NewOutput(2, "stderr", []byte("bad \xff\xfe bytes \x00 "+secret+"\n")),
			event.NewOutput(2, "stdout", []byte(long.String()+strings.Repeat("x", 2100)+"\n")),
			event.CommandStarted{Number: 3, Host: "node1", Line: "uptime"},
			event.NewOutput(3, "stdout", []byte("up 3 days\n")), event.Paused{},
			event.NewOutput(3, "stdout", []byte("what nobody should read\n")), event.Unpaused{},
			node("node1", "True", "v1.31.4", true, "control-plane"), node("node1", "Unknown", "v1.31.4", true, "control-plane"),
			event.Hit{Pitfall: "vip-outage", Symptom: "s", Title: text("The VIP is dead", "VIP が停止"), Severity: "outage", Host: "node1", Line: "fatal: \x1b[2J[node1]"},
			event.Connection{To: "https://10.0.0.1:6443", Error: "refused"},
			event.CommandEnded{Number: 3, Outcome: event.StateLost, Exit: -1, Error: "broken pipe"},
			event.RemedyStarted{ID: "vip-outage/repoint", Title: text("Point at a live node", "別ノードへ切替")},
			event.RemedyEnded{ID: "vip-outage/repoint", Status: event.Passed},
			event.Connection{To: "https://10.0.0.1:6443", Up: true},
			node("node1", "True", "v1.32.5", true, "control-plane"), node("node1", "True", "v1.32.5", false, "control-plane"),
			event.CommandEnded{Number: 2, Outcome: event.Exited, Exit: 2, Error: "exit 2", Hint: "look at <the log>"},
			again,
			event.Compared{Path: "inventory/k8s-cluster.yml", Left: "t_v2.27.0", Right: "working tree", Old: "a: 1\nb: 2\nc: 3\n", New: "a: 1\nb: <3>\nc: 3\nd: 4\n"},
			event.Remark{Text: text("a remark", "備考")},
			event.UnknownData{Name: "from-the-future", JSON: []byte(`{"a":1}`)},
			event.StepStarted{Attempt: 2},
			event.StepEnded{Status: event.Failed, Why: text("exit 2", "終了コード 2")}),
		in("", event.Ended{Status: event.Failed, Exit: 1}),
	)
}

// record writes a run as the program does, one and a half seconds between events.
func record(t *testing.T, events []event.Event) string {
	t.Helper()
	at := time.Date(2026, 11, 20, 22, 15, 3, 0, time.FixedZone("JST", 9*3600))
	w, err := transcript.Create(t.TempDir(), transcript.Header{Tool: "0.1.0", Started: at, Runbook: "kubespray/v2.28.0", From: "v2.27.0", To: "v2.28.0", Cluster: "prod-4", Operator: "ops@bastion"})
	if err != nil {
		t.Fatal(err)
	}
	steady := time.Duration(0)
	w.Clock = func() (time.Time, time.Duration) {
		steady += 1500 * time.Millisecond
		return at.Add(steady), steady
	}
	w.Mask(secret)
	for _, e := range events {
		if _, err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Dir()
}

func export(t *testing.T, path, format, lang string) string {
	t.Helper()
	src, file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var b strings.Builder
	if err := Write(&b, format, src, lang); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.String()
}

// demo is the embedded recording as a file.
func demo(t testing.TB) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(runbooks.Demo))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), transcript.FileName)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// varying is what differs between two recordings of the same story: every hash.
var varying = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

// TestGolden: every format says what it said before. The style of the HTML is not compared: it is in report.css.
func TestGolden(t *testing.T) {
	dir := record(t, story())
	for _, lang := range []string{"en", "ja"} {
		for _, format := range Formats() {
			if lang == "ja" && (format == "json" || format == "cast2") {
				continue
			}
			got := varying.ReplaceAllString(export(t, dir, format, lang), "HASH")
			got = strings.ReplaceAll(got, styleText, "")
			got = regexp.MustCompile(`sha256-[\w+/=]*`).ReplaceAllString(got, "sha256-…")
			path := filepath.Join("testdata", "story-"+lang+"."+format)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is not what it was; see the difference with -update and git diff", path)
			}
		}
	}
}

// TestGenerated: the Go of the page is what its template says.
func TestGenerated(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report") // its name is that of the package
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("report.qtpl")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "report.qtpl")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "tool", "qtc", "-skipLineComments", "-file", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile(path + ".go")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("report.qtpl.go"); err != nil || string(got) != string(want) {
		t.Errorf("report.qtpl.go is stale (%v): go generate ./report", err)
	}
}

// TestNothingActs: what a remote command printed acts neither on a terminal nor in a browser, and no secret comes back.
func TestNothingActs(t *testing.T) {
	dir := record(t, story())
	sgr := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	for _, format := range Formats() {
		got := export(t, dir, format, "en")
		if strings.Contains(got, secret) || strings.Contains(got, "Hunter2") || strings.Contains(got, "nobody should read") {
			t.Errorf("%s: the secret is in it", format)
		}
		if format == "html" && (strings.Contains(got, "<script") || strings.Contains(got, "<b>")) {
			t.Errorf("%s: remote output is markup", format)
		}
		if strings.HasPrefix(format, "cast") {
			got = played(t, got)
		}
		if format == "json" { // it escapes them, and is data
			continue
		}
		for _, bad := range []string{"\x1b", "\x07", "\x00", "\u202e"} {
			if strings.Contains(sgr.ReplaceAllString(got, ""), bad) {
				t.Errorf("%s: %q is in it", format, bad)
			}
		}
	}
}

// played is what a recording prints.
func played(t *testing.T, cast string) string {
	t.Helper()
	var b strings.Builder
	lines := strings.Split(strings.TrimSuffix(cast, "\n"), "\n")
	for _, line := range lines[1:] {
		var e []any
		if err := json.Unmarshal([]byte(line), &e); err != nil || len(e) != 3 {
			t.Fatalf("%s: %v", line, err)
		}
		if e[1] == "o" {
			b.WriteString(e[2].(string))
		}
	}
	return b.String()
}

// TestCast: the rules of asciicast v3 and v2, and the run in them: a marker for each step, the time it took, its exit code.
func TestCast(t *testing.T) {
	path := demo(t)
	doc := document(t, path)
	var texts []string
	for _, version := range []int{3, 2} {
		format := map[int]string{3: "cast", 2: "cast2"}[version]
		got := export(t, path, format, "en")
		texts = append(texts, played(t, got))
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		var header struct {
			Version, Width, Height int
			Term                   struct{ Cols, Rows int }
			Timestamp              int64
			Title                  string
		}
		if err := json.Unmarshal([]byte(lines[0]), &header); err != nil {
			t.Fatal(err)
		}
		if header.Version != version || header.Width+header.Term.Cols != castCols || header.Height+header.Term.Rows != castRows ||
			header.Timestamp != doc.Started.Unix() || header.Title == "" {
			t.Errorf("v%d: header %s", version, lines[0])
		}
		var markers, exits int
		var at float64
		for _, line := range lines[1:] {
			var e []any
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			when := e[0].(float64)
			switch {
			case when < 0, version == 2 && when < at:
				t.Fatalf("v%d: time goes back: %s", version, line)
			case version == 3:
				at += when
			default:
				at = when
			}
			switch e[1] {
			case "m":
				markers++
			case "x":
				exits++
				if e[2] != "0" {
					t.Errorf("v%d: exit %q", version, e[2])
				}
			case "o":
			default:
				t.Errorf("v%d: an event %v", version, e[1])
			}
		}
		if want := time.Duration(doc.Took).Seconds(); at < want-0.01 || at > want+0.01 {
			t.Errorf("v%d: %.3f s, the run took %.3f", version, at, want)
		}
		if markers != len(doc.Steps) || exits != version-2 {
			t.Errorf("v%d: %d markers for %d steps, %d exit events", version, markers, len(doc.Steps), exits)
		}
	}
	if texts[0] != texts[1] {
		t.Error("v2 and v3 print different things")
	}
}

// document reads the JSON back.
func document(t *testing.T, path string) *struct {
	Document
	Output []Printed
} {
	t.Helper()
	var d struct {
		Document
		Output []Printed
	}
	if err := json.Unmarshal([]byte(export(t, path, "json", "en")), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// closed is a schema in which a field that it does not describe is a mistake.
func closed(t *testing.T, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var close func(v any)
	close = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, inner := range v {
				close(inner)
			}
			if _, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] == nil && v["type"] == "object" {
				v["additionalProperties"] = false
			}
		case []any:
			for _, inner := range v {
				close(inner)
			}
		}
	}
	close(doc)
	delete(doc.(map[string]any), "$id")
	return doc
}

// TestJSON: the document is valid by its schema, and holds every byte that was printed.
func TestJSON(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("strict.json", closed(t, "../docs/export.schema.json")); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("strict.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"story": record(t, story()), "demo": demo(t)} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(export(t, path, "json", "en")))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		d := document(t, path)
		printed := map[int]int64{}
		for _, o := range d.Output {
			printed[o.Number] += int64(o.Omitted + len(event.Output{Text: o.Text, Raw: o.Raw}.Bytes()))
		}
		for _, c := range d.Commands {
			if printed[c.Number] != c.Printed {
				t.Errorf("%s: command %d printed %d bytes, %d are in the output", name, c.Number, c.Printed, printed[c.Number])
			}
		}
		if !d.Verified.OK || len(d.Verified.Digest) != 64 || d.Status == "" || len(d.Steps) == 0 {
			t.Errorf("%s: %+v", name, d.Verified)
		}
	}
}

// TestNotVerified: what was changed is exported, and every format says so.
func TestNotVerified(t *testing.T) {
	path := filepath.Join(record(t, story()), transcript.FileName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(text, []byte("moved last week"), []byte("MOVED last week"), 1)
	torn := text[:len(text)-20]
	for name, bad := range map[string][]byte{"changed": changed, "torn": torn} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, format := range Formats() {
			for _, lang := range []string{"en", "ja"} {
				got := export(t, path, format, lang)
				want := "NOT VERIFIED"
				if format == "json" {
					want = `"ok": false`
				}
				if i := strings.Index(got, want); i < 0 || format != "html" && format != "json" && i > 300 {
					t.Errorf("%s, %s, %s: it does not say first that it is not verified", name, format, lang)
				}
				if name == "torn" && format == "html" && !strings.Contains(got, "r-running") {
					t.Error("a run without an end is shown as ended")
				}
			}
		}
	}
}

// TestInterrupted: a run that was left, and taken up again the next day by another operator.
func TestInterrupted(t *testing.T) {
	events := []event.Event{
		{Data: event.Started{Runbook: "b", Title: event.T("b")}},
		{Data: event.Planned{Steps: []event.PlannedStep{{ID: "a", Title: event.T("A")}}}},
		{Step: "a", Data: event.StepStarted{Attempt: 1}},
		{Data: event.Ended{Status: event.Cancelled, Exit: 130}},
		{Data: event.Resumed{Operator: "night@bastion"}},
		{Step: "a", Data: event.Drifted{Step: "a", Gate: "g", Title: event.T("It holds"), Was: event.Pass, Now: event.Fail}},
		{Step: "a", Data: event.CommandStarted{Number: 1, Host: "n", Line: "true"}},
	}
	r := fold(Source{Entries: func(yield func(transcript.Entry, error) bool) {
		var at time.Duration
		for i, e := range events {
			at += time.Second
			if i == 4 {
				at += 14 * time.Hour
			}
			e.Time, e.Elapsed = time.Unix(0, 0).UTC().Add(at), at
			if !yield(transcript.Entry{Event: e}, nil) {
				return
			}
		}
	}}, &budget{})
	if r.ended != nil || r.status() != event.Running || len(r.idle) != 1 || len(r.resumes) != 1 || len(r.drift) != 1 {
		t.Errorf("ended %v, breaks %v, resumes %v, drift %v", r.ended, r.idle, r.resumes, r.drift)
	}
	notes := strings.Join(r.notes("en"), "\n")
	for _, want := range []string{"Taken up again after 14h00m by night@bastion", "It holds: ok, now failed", "no end recorded"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in:\n%s", want, notes)
		}
	}
	if c := r.chart("en"); len(c.Breaks) != 1 || c.Right > chartWidth || len(c.Ticks) > 12 {
		t.Errorf("%d breaks, right edge %.0f, %d ticks", len(c.Breaks), c.Right, len(c.Ticks))
	}
}

// TestKept: the two ends of a long output, a progress bar as it stood in the end, a line without an end.
func TestKept(t *testing.T) {
	k := (&budget{}).output()
	for i := range 5000 {
		k.add(event.Output{Stream: "stdout", Text: fmt.Sprintf("%d\r%d%%\r\n", i, i)})
	}
	k.add(event.Output{Stream: "stdout", Text: "10%\r"})
	k.add(event.Output{Stream: "stdout", Text: "20%\r"})
	k.add(event.Output{Stream: "stderr", Text: strings.Repeat("é", 5<<20)})
	k.flush()
	if len(k.head) != headLines || k.head[1].text != "1%" || len(k.tail) != tailLines || k.leftLines != 5000+2-headLines-tailLines {
		t.Errorf("%d + %d + %d lines, the second is %q", len(k.head), k.leftLines, len(k.tail), k.head[1].text)
	}
	bar, endless := k.tail[len(k.tail)-2], k.tail[len(k.tail)-1]
	if bar.text != "20%" || !endless.stderr || len(endless.text) != lineBytes || endless.more != 10<<20-lineBytes {
		t.Errorf("%q, %d + %d bytes", bar.text, len(endless.text), endless.more)
	}
}

// TestErrors: an unknown format, a full disk.
func TestErrors(t *testing.T) {
	var format *FormatError
	if err := Write(io.Discard, "pdf", Source{}, "en"); !errors.As(err, &format) || !strings.Contains(format.Hint(), "html") {
		t.Errorf("%v", err)
	}
	src, file, err := Open(record(t, story()))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, name := range Formats() {
		var write *WriteError
		if err := Write(full{}, name, src, "en"); !errors.As(err, &write) || !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestDiffCut: a long difference is cut, with a count of the omitted lines.
func TestDiffCut(t *testing.T) {
	var old, new strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&old, "a%d\n", i)
		fmt.Fprintf(&new, "b%d\n", i)
	}
	d := &Diff{Compared: event.Compared{Old: old.String(), New: new.String()}}
	lines, removed, added := d.lines()
	if last := lines[len(lines)-1]; removed != 2000 || added != 2000 || len(lines) != diffLimit+1 || last.sign != gap || last.n != 4000-diffLimit {
		t.Errorf("-%d +%d, %d lines, the last %+v", removed, added, len(lines), last)
	}
}
