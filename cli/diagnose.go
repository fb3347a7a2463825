package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"spraydeck/ansible"
	"spraydeck/diagnose"
	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/regular"
	"spraydeck/runbook"
	"spraydeck/runbooks"
	"spraydeck/symptom"
)

func diagnoseCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "diagnose [FILE|-]...", Short: "Find known pitfalls and the first failure in a log",
		Long: "Find known pitfalls and the first failure in a log: of Ansible in any output format, kubectl, kubeadm, apt or git,\n" +
			"a journal, or text copied from a terminal. Without a file, or for -, it reads standard input. Logs may be\n" +
			"compressed with gzip, in UTF-8 or UTF-16, and of any length. A log may also be a recording of asciinema (lines are\n" +
			"counted as printed), an artifact of ansible-navigator, or a directory with the events of ansible-runner.\n\n" +
			"A verdict requires a failure that was not recovered and text that only its cause prints. A hint is a line that may\n" +
			"have another cause. A failed log without a verdict gets a summary: the first failure that was not recovered, its\n" +
			"task, host and innermost message, and what to look at next. The summary proposes no change.\n\n" +
			"With -o json every hit is an object of one array: kind (pitfall, check or first-failure), pitfall, symptom, severity,\n" +
			"hint, hintWhy, title, file, line, text, play, task, host, time, groups (values in the line), do (what to do first),\n" +
			"cause, note, siblings (other causes of the same line: pitfall, title, if), remedies (id, title), sources, also\n" +
			"(symptoms that match the same line and count less). A check is one of Kubespray's own. A first-failure names no\n" +
			"pitfall and has the key failure: kind, task, host, item, message, rc, command, place, recap, more, next, goOn.\n" +
			"The table lists a pitfall once per file, with its count.\n\n" +
			"The exit code is 0 when nothing is found, 3 when there are findings, 2 when a file cannot be read.",
		Example: "  spraydeck diagnose ansible.log\n  journalctl -u kubelet | spraydeck diagnose -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(f.Fd()) {
					return &runbook.UsageError{Message: "no log to read", Way: "name a file, or pipe a log into spraydeck diagnose"}
				}
				args = []string{"-"}
			}
			debug.SetGCPercent(25) // it may read for long, beside what writes the log: less memory for some percent of time
			known, err := allKnown(o)
			if err != nil {
				return err
			}
			var show shower
			switch format {
			case "table":
				show = &hitTable{w: cmd.OutOrStdout(), lang: o.lang}
			case "json":
				show = &hitArray{w: bufio.NewWriter(cmd.OutOrStdout())}
			default:
				return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
			}
			return diagnoseFiles(cmd, known, show, args)
		},
	}
	output(cmd, &format)
	return cmd
}

// allKnown is what diagnose looks for: the symptoms of every pitfall of the library, which must be sound, and Kubespray's own
// checks.
func allKnown(o *options) (*diagnose.Knowledge, error) {
	l, err := load(o, "Pitfall", "Release")
	if err != nil {
		return nil, err
	}
	var files []runbook.File
	var pitfalls []*runbook.Pitfall
	var learned []ansible.Check
	for _, f := range l.files {
		if f.Pitfall != nil {
			files, pitfalls = append(files, f), append(pitfalls, f.Pitfall)
		}
		if f.Release != nil {
			learned = append(learned, refusals(f.Release)...)
		}
	}
	if problems := append(slices.Clip(l.problems), lint.CheckSymptoms(files)...); len(problems) > 0 {
		return nil, l.invalid(problems)
	}
	var checks []ansible.Check
	if err := json.Unmarshal(runbooks.Checks, &checks); err != nil {
		return nil, fmt.Errorf("the built-in checks of Kubespray: %w", err)
	}
	return diagnose.New(pitfalls, append(checks, learned...)), nil
}

// refusals are the checks of a release that is in the operator's catalogue.
func refusals(r *runbook.ReleaseFile) []ansible.Check {
	var list []ansible.Check
	for _, c := range r.Checks {
		list = append(list, ansible.Check{Task: c.Task.Value, Message: c.Message.Value, That: c.That.Value, When: c.When.Value, Path: c.Path.Value,
			First: r.Name.Value, Last: r.Name.Value})
	}
	return list
}

// diagnosis is a hit as JSON gives it.
type diagnosis struct {
	Kind     string             `json:"kind"` // pitfall, check, first-failure
	Pitfall  string             `json:"pitfall"`
	Symptom  string             `json:"symptom"`
	Severity string             `json:"severity"`
	Hint     bool               `json:"hint"`
	Why      string             `json:"hintWhy,omitempty"` // one of the Why constants of diagnose
	Title    event.Text         `json:"title"`
	File     string             `json:"file"`
	Line     int                `json:"line"`
	Text     string             `json:"text"`
	Play     string             `json:"play,omitempty"`
	Task     string             `json:"task,omitempty"`
	Host     string             `json:"host,omitempty"`
	Time     string             `json:"time,omitempty"`
	Groups   map[string]string  `json:"groups"`
	Do       event.Text         `json:"do,omitzero"`
	Cause    event.Text         `json:"cause"`
	Note     event.Text         `json:"note,omitzero"`
	Siblings []diagnose.Sibling `json:"siblings,omitempty"`
	Remedies []event.Remedy     `json:"remedies"`
	Sources  []string           `json:"sources"`
	Also     []string           `json:"also,omitempty"`
	Failure  *diagnose.Failure  `json:"failure,omitempty"`
}

func diagnosisOf(f diagnose.Finding) diagnosis {
	h := f.Hit
	d := diagnosis{
		Kind: "pitfall", Pitfall: h.Pitfall, Symptom: h.Symptom, Severity: h.Severity, Hint: h.Hint, Why: f.Why, Title: h.Title, File: f.File, Line: f.At, Text: h.Line,
		Play: f.Play, Task: h.Task, Host: h.Host, Groups: f.Hits.Groups, Do: h.Do, Cause: h.Cause, Note: f.Note, Siblings: f.Others, Remedies: h.Remedies,
		Sources: f.Sources, Also: f.Also,
	}
	if f.Check != nil {
		d.Kind = "check"
	}
	delete(d.Groups, symptom.Host)
	if d.Groups == nil {
		d.Groups = map[string]string{}
	}
	if t := f.Hits.Time; !t.IsZero() && t.Year() > 0 {
		d.Time = t.Format(time.RFC3339Nano)
	}
	if d.Remedies == nil {
		d.Remedies = []event.Remedy{}
	}
	return d
}

// failureOf is the summary of a first failure as JSON gives it: a hint that names no pitfall.
func failureOf(f *diagnose.Failure, file string) diagnosis {
	return diagnosis{Kind: "first-failure", Hint: true, Title: f.Title, File: file, Line: f.Line, Text: f.Message, Play: f.Play, Task: f.Task, Host: f.Host,
		Groups: map[string]string{}, Remedies: []event.Remedy{}, Sources: []string{}, Failure: f}
}

// shower shows what the logs show, one after the other.
type shower interface {
	report(r *diagnose.Report, file string) error
	end() error
}

// diagnoseFiles reads the files, all of them even if one cannot be read.
func diagnoseFiles(cmd *cobra.Command, known *diagnose.Knowledge, show shower, files []string) error {
	found, told := false, false
	var unreadable error
	for _, name := range files {
		err := readAny(cmd.InOrStdin(), name, func(name string, r io.Reader) error {
			report, err := known.Read(cmd.Context(), r, name)
			found = found || len(report.Findings) > 0 || report.Failure != nil
			return errors.Join(err, show.report(report, name))
		})
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		unreadable = errors.Join(unreadable, err)
		told = told || err == nil
	}
	if !told && !found {
		return usage(unreadable) // nothing was read: that there is no known pitfall cannot be said
	}
	if err := show.end(); err != nil {
		return err
	}
	switch {
	case unreadable != nil:
		return usage(unreadable)
	case found:
		return &coded{code: exitBlocked}
	}
	return nil
}

// readAny opens a log, or each directory of events that ansible-runner has left below a directory.
func readAny(stdin io.Reader, name string, read func(name string, r io.Reader) error) error {
	if name == "-" || !isDir(name) {
		return readLog(stdin, name, func(r io.Reader) error { return read(name, r) })
	}
	dir := regular.Dir(name)
	runs := diagnose.JobEvents(dir)
	if len(runs) == 0 {
		return fmt.Errorf("read %s: the directory has no events of ansible-runner; name a file", name)
	}
	for _, run := range runs {
		r, err := diagnose.Events(dir, run)
		if err == nil {
			err = read(filepath.Join(name, run), r)
		}
		if err != nil {
			return cannotRead(name, err)
		}
	}
	return nil
}

// readLog opens a log, compressed or not.
func readLog(stdin io.Reader, name string, read func(io.Reader) error) error {
	in := stdin
	if name != "-" {
		f, err := regular.Open(name)
		if err != nil {
			return cannotRead(name, err)
		}
		defer f.Close()
		in = f
	}
	b := bufio.NewReaderSize(in, 64<<10)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return cannotRead(name, err)
	}
	var r io.Reader = b
	if bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return cannotRead(name, err)
		}
		r = z
	}
	if bytes.Equal(head, []byte{0xff, 0xfe}) || bytes.Equal(head, []byte{0xfe, 0xff}) { // as PowerShell writes what it redirects
		r = transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	}
	text, ok := r.(*bufio.Reader)
	if !ok {
		text = bufio.NewReaderSize(r, 64<<10)
	}
	r = diagnose.Text(text)
	if err := read(r); err != nil {
		return cannotRead(name, err)
	}
	return nil
}

// cannotRead names the log once: what the system says names it too.
func cannotRead(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("read %s: %w", name, err)
}

// hitArray writes one array, an element at a time.
type hitArray struct {
	w *bufio.Writer
	n int
}

func (a *hitArray) report(r *diagnose.Report, file string) error {
	for _, f := range r.Findings {
		if err := a.element(diagnosisOf(f)); err != nil {
			return err
		}
	}
	if r.Failure != nil {
		if err := a.element(failureOf(r.Failure, file)); err != nil {
			return err
		}
	}
	return a.w.Flush()
}

func (a *hitArray) element(d diagnosis) error {
	text, err := json.MarshalIndent(d, "  ", "  ")
	if err != nil {
		return err
	}
	sep := "[\n  "
	if a.n > 0 {
		sep = ",\n  "
	}
	a.n++
	_, _ = a.w.WriteString(sep)
	_, err = a.w.Write(text)
	return err
}

func (a *hitArray) end() error {
	if a.n == 0 {
		_, _ = a.w.WriteString("[]\n")
	} else {
		_, _ = a.w.WriteString("\n]\n")
	}
	return a.w.Flush()
}

// hitTable prints a pitfall once for each file, where it is first seen, with how often; then the first failure.
type hitTable struct {
	w        io.Writer
	lang     string
	found    bool
	pitfalls bool
	remedies bool
}

type tally struct {
	first      diagnosis
	more, last int
}

func (t *hitTable) say(en, ja string) string { return event.Text{En: en, Ja: ja}.In(t.lang) }

func (t *hitTable) report(r *diagnose.Report, file string) error {
	var list []*tally
next:
	for _, f := range r.Findings {
		d := diagnosisOf(f)
		for _, s := range list {
			if s.first.Pitfall == d.Pitfall && s.first.Hint == d.Hint && s.first.Kind == "pitfall" && d.Kind == "pitfall" {
				s.more++
				s.last = max(s.last, d.Line)
				continue next
			}
		}
		list = append(list, &tally{first: d})
	}
	var b strings.Builder
	for _, s := range list {
		t.one(&b, s.first)
	}
	for _, s := range list {
		if s.more > 0 {
			fmt.Fprintf(&b, t.say("%s: %d more, the last in line %d\n", "%s: ほか %d 件、最後は %d 行目\n"), s.first.Pitfall, s.more, s.last)
		}
	}
	if r.Dropped > 0 {
		fmt.Fprintf(&b, t.say("%d further hits are not counted\n", "ほかに %d 件あり、数えていません\n"), r.Dropped)
	}
	if r.Failure != nil {
		t.failure(&b, r.Failure, file, len(list) > 0)
	}
	t.found = t.found || len(list) > 0 || r.Failure != nil
	_, err := io.WriteString(t.w, b.String())
	return err
}

// hintWhys says why a hit is a hint only.
var hintWhys = map[string]event.Text{
	diagnose.WhyNoTimes:   {En: "the log tells no times, so this may be within what is normal", Ja: "ログに時刻がないため、正常な範囲かもしれません"},
	diagnose.WhyRecovered: {En: "this was recovered later in the log", Ja: "ログの後半で回復しています"},
	diagnose.WhyVersion:   {En: "the log is of versions that this does not affect", Ja: "ログのバージョンは対象外です"},
	diagnose.WhyNoVersion: {En: "this line has this cause in some versions only, and the log tells none of them", Ja: "この原因になるのは一部のバージョンだけで、ログにはそのバージョンがありません"},
	diagnose.WhySystem:    {En: "the log is of another system", Ja: "ログは別のシステムのものです"},
	diagnose.WhySiblings:  {En: "this line has several known causes", Ja: "この行には複数の原因があります"},
	diagnose.WhyTable:     {En: "a state in a table proves no cause", Ja: "表の状態だけでは原因を特定できません"},
}

func (t *hitTable) one(b *strings.Builder, d diagnosis) {
	t.pitfalls = true
	word := event.SeverityText(d.Severity).In(t.lang)
	if d.Hint {
		word = t.say("hint", "参考")
	}
	line := func(format string, args ...any) { fmt.Fprintf(b, "           "+format+"\n", args...) }
	fmt.Fprintf(b, "%s  %s:%d  %s  %s\n", padded(word, 9), d.File, d.Line, d.Pitfall, d.Title.In(t.lang))
	if do := d.Do.In(t.lang); do != "" {
		line("%s: %s", t.say("do", "対応"), oneLine(do))
	}
	line("| %s", clip(d.Text, 200))
	if d.Task != "" {
		line("%s: %s", t.say("task", "タスク"), clip(d.Task, 120))
	}
	if why := hintWhys[d.Why].In(t.lang); why != "" {
		line("%s", why)
	}
	line("%s: %s", t.say("cause", "原因"), firstSentence(d.Cause.In(t.lang)))
	for _, s := range d.Siblings {
		line("%s: %s  %s", t.say("or", "または"), s.Pitfall, oneLine(s.If.In(t.lang)))
	}
	for _, r := range d.Remedies {
		t.remedies = true
		line("%s: %s (%s)", t.say("remedy", "対処"), r.Title.In(t.lang), r.ID)
	}
	if note := d.Note.In(t.lang); note != "" {
		line("%s: %s", t.say("note", "注意"), firstSentence(note))
	}
}

// failure prints the first failure in a section of its own.
func (t *hitTable) failure(b *strings.Builder, f *diagnose.Failure, file string, behind bool) {
	if behind {
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "%s  %s:%d  %s\n", t.say("first failure", "最初の失敗"), file, f.Line, f.Title.In(t.lang))
	line := func(en, ja, value string) {
		if value != "" {
			fmt.Fprintf(b, "  %s %s\n", padded(t.say(en, ja)+":", 9), clip(value, 700))
		}
	}
	line("task", "タスク", f.Task)
	line("host", "ホスト", f.Host)
	line("item", "項目", f.Item)
	line("message", "内容", f.Message)
	line("command", "コマンド", f.Command)
	line("rc", "終了値", f.RC)
	line("where", "場所", f.Place)
	for _, r := range f.Recap {
		line("recap", "結果", r)
	}
	if f.More > 0 {
		line("more", "ほか", fmt.Sprintf(t.say("%d further failures", "失敗 %d 件"), f.More))
	}
	for _, n := range f.Next {
		line("look", "確認", n)
	}
	line("go on", "続行", f.GoOn.In(t.lang))
	fmt.Fprintf(b, "  %s\n", t.say("This is in no pitfall that is known.", "既知の問題には該当しません。"))
}

func (t *hitTable) end() error {
	if !t.found {
		_, err := fmt.Fprintln(t.w, t.say("no known pitfall", "既知の問題はありません"))
		return err
	}
	if !t.pitfalls {
		return nil
	}
	text := t.say("\nspraydeck pitfalls show ID prints all that is known of one.\n", "\n詳細は spraydeck pitfalls show ID で表示できます。\n")
	if t.remedies {
		text += t.say("Remedies are started from spraydeck run: on the card of the pitfall, or where a step asks what to do.\n",
			"対処は spraydeck run の実行中に、問題のカードや失敗した手順の質問から開始します。\n")
	}
	_, err := io.WriteString(t.w, text)
	return err
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// clip makes one line of a text, of at most n characters.
func clip(text string, n int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
	runes := []rune(strings.TrimSpace(text))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}

// firstSentence is what there is room for; a short one is followed by the next.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const short = 60
	for i, r := range text {
		end := i + utf8.RuneLen(r)
		if i >= short && (r == '。' || r == '.' && end < len(text) && text[end] == ' ') {
			return text[:end]
		}
	}
	return text
}
