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
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"spraydeck/event"
	"spraydeck/lint"
	"spraydeck/runbook"
	"spraydeck/symptom"
)

func diagnoseCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "diagnose [FILE|-]...", Short: "Tell which known pitfalls a log shows",
		Long: "Tell which known pitfalls a log shows: of Ansible in any of its formats, of kubectl, kubeadm, apt or git, a\n" +
			"journal, or what was copied from a terminal. Without a file, or for -, it reads standard input. Logs may be\n" +
			"compressed with gzip, in UTF-8 or UTF-16, and of any length.\n\n" +
			"A hint is a line that may have another cause, or a condition over time in a log that tells no times.\n" +
			"With -o json every hit is an object of one array: pitfall, symptom, severity, hint, title, file, line, text, play,\n" +
			"task, host, time, groups (values in the line), cause, remedies (id, title), sources, also (symptoms that match the\n" +
			"same line and count less). A table tells a pitfall once for each file, and how often.\n\n" +
			"The exit code is 0 when nothing is found, 3 when something is, 2 when a file cannot be read.",
		Example: "  spraydeck diagnose ansible.log\n  journalctl -u kubelet | spraydeck diagnose -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(f.Fd()) {
					return &runbook.UsageError{Message: "no log to read", Way: "name a file, or pipe a log into spraydeck diagnose"}
				}
				args = []string{"-"}
			}
			debug.SetGCPercent(50) // it may read for long, beside what writes the log: a quarter less memory for some percent of time
			known, err := allSymptoms(o)
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
			return diagnose(cmd, known, show, args)
		},
	}
	output(cmd, &format)
	return cmd
}

// allSymptoms is those of every pitfall of the library, which must be sound.
func allSymptoms(o *options) (*runbook.Symptoms, error) {
	l, err := load(o, "Pitfall")
	if err != nil {
		return nil, err
	}
	var files []runbook.File
	var pitfalls []*runbook.Pitfall
	for _, f := range l.files {
		if f.Pitfall != nil {
			files, pitfalls = append(files, f), append(pitfalls, f.Pitfall)
		}
	}
	if problems := append(slices.Clip(l.problems), lint.CheckSymptoms(files)...); len(problems) > 0 {
		return nil, l.invalid(problems)
	}
	return runbook.NewSymptoms(pitfalls), nil
}

// diagnosis is a hit as JSON gives it.
type diagnosis struct {
	Pitfall  string            `json:"pitfall"`
	Symptom  string            `json:"symptom"`
	Severity string            `json:"severity"`
	Hint     bool              `json:"hint"`
	Why      string            `json:"hintWhy,omitempty"` // "no-times": its condition over time could not be checked
	Title    event.Text        `json:"title"`
	File     string            `json:"file"`
	Line     int               `json:"line"`
	Text     string            `json:"text"`
	Play     string            `json:"play,omitempty"`
	Task     string            `json:"task,omitempty"`
	Host     string            `json:"host,omitempty"`
	Time     string            `json:"time,omitempty"`
	Groups   map[string]string `json:"groups"`
	Cause    event.Text        `json:"cause"`
	Remedies []event.Remedy    `json:"remedies"`
	Sources  []string          `json:"sources"`
	Also     []string          `json:"also,omitempty"`
}

func diagnosisOf(known *runbook.Symptoms, f symptom.Hit) diagnosis {
	p, _ := known.Of(f.ID)
	h := known.Hit(f)
	d := diagnosis{
		Pitfall: h.Pitfall, Symptom: h.Symptom, Severity: h.Severity, Hint: h.Hint, Title: h.Title, File: f.File, Line: f.Line, Text: f.Text,
		Play: f.Play, Task: f.Task, Host: h.Host, Groups: f.Groups, Cause: h.Cause, Remedies: h.Remedies, Also: f.Also,
	}
	delete(d.Groups, symptom.Host)
	if f.Untold {
		d.Why = "no-times"
	}
	if !f.Time.IsZero() && f.Time.Year() > 0 {
		d.Time = f.Time.Format(time.RFC3339Nano)
	}
	if d.Remedies == nil {
		d.Remedies = []event.Remedy{}
	}
	for _, s := range p.Sources {
		d.Sources = append(d.Sources, s.Value)
	}
	return d
}

// shower shows hits as they are found.
type shower interface {
	hit(diagnosis) error
	fileEnds() error // the hits of a file are complete
	end() error
}

// diagnose reads the files, all of them even if one cannot be read.
func diagnose(cmd *cobra.Command, known *runbook.Symptoms, show shower, files []string) error {
	found, told := false, false
	var unreadable error
	for _, name := range files {
		err := readLog(cmd.InOrStdin(), name, func(r io.Reader) error {
			return known.Set.Scan(cmd.Context(), r, name, func(f symptom.Hit) error {
				found = true
				return show.hit(diagnosisOf(known, f))
			})
		})
		if e := show.fileEnds(); e != nil {
			return e
		}
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

// readLog opens a log, compressed or not.
func readLog(stdin io.Reader, name string, read func(io.Reader) error) error {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
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

// hitArray writes one array, an element at a time: a log may show any number of hits.
type hitArray struct {
	w *bufio.Writer
	n int
}

func (a *hitArray) hit(d diagnosis) error {
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

func (a *hitArray) fileEnds() error { return a.w.Flush() }

func (a *hitArray) end() error {
	if a.n == 0 {
		_, _ = a.w.WriteString("[]\n")
	} else {
		_, _ = a.w.WriteString("\n]\n")
	}
	return a.w.Flush()
}

// hitTable is for reading: a pitfall once for each file, when it is first seen, then how often.
type hitTable struct {
	w        io.Writer
	lang     string
	seen     []*tally // of this file
	pitfalls map[string]bool
	remedies bool
}

type tally struct {
	pitfall    string
	hint       bool
	more, last int
}

func (t *hitTable) say(en, ja string) string { return event.Text{En: en, Ja: ja}.In(t.lang) }

func (t *hitTable) hit(d diagnosis) error {
	for _, s := range t.seen {
		if s.pitfall == d.Pitfall && s.hint == d.Hint {
			s.more++
			s.last = max(s.last, d.Line)
			return nil
		}
	}
	t.seen = append(t.seen, &tally{pitfall: d.Pitfall, hint: d.Hint})
	if t.pitfalls == nil {
		t.pitfalls = map[string]bool{}
	}
	t.pitfalls[d.Pitfall] = true
	word := event.SeverityText(d.Severity).In(t.lang)
	if d.Hint {
		word = t.say("hint", "参考")
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "           "+format+"\n", args...) }
	fmt.Fprintf(&b, "%s  %s:%d  %s  %s\n", padded(word, 9), d.File, d.Line, d.Pitfall, d.Title.In(t.lang))
	line("| %s", clip(d.Text, 200))
	if d.Task != "" {
		line("%s: %s", t.say("task", "タスク"), clip(d.Task, 120))
	}
	if d.Why != "" {
		line("%s", t.say("the log tells no times, so this may be within what is normal", "ログに時刻がないため、正常な範囲かもしれません"))
	}
	line("%s: %s", t.say("cause", "原因"), firstSentence(d.Cause.In(t.lang)))
	for _, r := range d.Remedies {
		t.remedies = true
		line("%s: %s (%s)", t.say("remedy", "対処"), r.Title.In(t.lang), r.ID)
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

func (t *hitTable) fileEnds() error {
	for _, s := range t.seen {
		if s.more > 0 {
			if _, err := fmt.Fprintf(t.w, t.say("%s: %d more, the last in line %d\n", "%s: ほか %d 件、最後は %d 行目\n"), s.pitfall, s.more, s.last); err != nil {
				return err
			}
		}
	}
	t.seen = nil
	return nil
}

func (t *hitTable) end() error {
	if len(t.pitfalls) == 0 {
		_, err := fmt.Fprintln(t.w, t.say("no known pitfall", "既知の問題はありません"))
		return err
	}
	text := t.say("\nspraydeck pitfalls show ID prints all that is known of one.\n", "\n詳細は spraydeck pitfalls show ID で表示できます。\n")
	if t.remedies {
		text += t.say("Remedies are started from spraydeck run: on the card of the pitfall, or where a step asks what to do.\n",
			"対処は spraydeck run の実行中に、問題のカードや失敗した手順の質問から開始します。\n")
	}
	_, err := io.WriteString(t.w, text)
	return err
}

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
