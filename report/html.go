package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"time"

	"spraydeck/event"
)

//go:generate go tool qtc -skipLineComments -file report.qtpl

//go:embed report.css
var styleText string

// writeHTML writes one file that needs nothing else: no script, no font, no request. Its policy forbids them, too.
func writeHTML(w io.Writer, src Source, l language) error {
	b := bufio.NewWriter(w) // it keeps the first error, which the template's writer does not
	writereport(b, newPage(fold(src, &budget{}), l))
	return b.Flush()
}

// markup is HTML as it stands: what came from outside was escaped when it was made.
type markup string

func clock(t time.Time) string { return t.Format("15:04:05") }

// page is what the template shows.
type page struct {
	*run
	l language

	Sections []section
	Chart    *chart
	Steps    []*stepView
	Diffs    []*diffView
	byStep   map[string]*stepView
	byDiff   map[*Diff]*diffView
}

type section struct {
	ID, Title string
	Count     int
}

// fact is a line of the summary, or one of its large figures.
type fact struct {
	Name, Value, Unit, Note, Class string
	Code                           bool
}

func newPage(r *run, l language) *page {
	p := &page{run: r, l: l, byStep: map[string]*stepView{}, byDiff: map[*Diff]*diffView{}}
	for i, d := range r.diffs {
		v := newDiffView(d, i+1, l)
		p.Diffs = append(p.Diffs, v)
		p.byDiff[d] = v
	}
	phase := ""
	for _, st := range r.steps {
		v := &stepView{p: p, st: st, Number: st.Number, Attempts: st.Attempts, NoReturn: st.NoReturn, Status: st.Status}
		if name := l.text(st.Phase); name != phase {
			phase, v.Phase = name, name
		}
		p.Steps = append(p.Steps, v)
		p.byStep[st.ID] = v
	}
	p.Chart = r.chart(l)
	count := func(id, title string, n int) { p.Sections = append(p.Sections, section{id, title, n}) }
	count("timeline", l.say("Timeline", "タイムライン"), 0)
	count("stood-out", l.say("What stood out", "特記事項"), 0)
	if len(r.nodes) > 0 {
		count("nodes", l.say("Nodes", "ノード"), len(p.Lanes()))
	}
	count("changes", l.say("Commands", "コマンド"), len(p.Changes()))
	count("steps", l.say("Steps", "手順"), len(r.steps))
	if len(p.Diffs) > 0 {
		count("diffs", l.say("Differences", "差分"), len(p.Diffs))
	}
	count("inputs", l.say("Inputs", "入力値"), len(r.started.Inputs))
	return p
}

// Name and the rest are what the template asks for.
func (p *page) Name() string           { return p.name(p.l) }
func (p *page) Cluster() string        { return plain(or(p.started.Cluster, p.header.Cluster)) }
func (p *page) ID() string             { return plain(p.header.ID) }
func (p *page) Status() event.Status   { return p.status() }
func (p *page) Verified() bool         { return p.check.Verified() }
func (p *page) Proof() string          { return plain(p.l.verified(p.check)) }
func (p *page) Digest() string         { return p.check.Digest }
func (p *page) Verdict() string        { return p.verdict(p.l) }
func (p *page) Overrides() []*Decision { return p.overrides() }
func (p *page) Inputs() []event.Value {
	return p.started.Inputs
}

// Why says how the run ended.
func (p *page) Why() string {
	if p.ended == nil {
		return p.l.say("The transcript stops here: the run was cut off, or still went on when this was written.", "記録はここまでです。実行が中断されたか、作成時点でまだ続いていました。")
	}
	return p.l.text(p.ended.Why)
}

// Policy lets the browser take this file's own style and nothing else.
func (p *page) Policy() string {
	sum := sha256.Sum256([]byte(styleText))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// Tiles are the figures that a reader wants first.
func (p *page) Tiles() []fact {
	l := p.l
	count := map[event.Status]int{}
	for _, st := range p.steps {
		count[st.Status]++
	}
	var rest []string
	for _, s := range []event.Status{event.Skipped, event.Overridden, event.Failed, event.Lost, event.Cancelled, event.Running, event.Waiting} {
		if count[s] > 0 {
			rest = append(rest, strconv.Itoa(count[s])+" "+l.status(s))
		}
	}
	stood := 0
	for _, g := range p.gates {
		if blocked(g) {
			stood++
		}
	}
	list := []fact{
		{Name: l.say("Took", "所要時間"), Value: l.took(p.last.At), Note: p.begun.Time.Format("15:04") + " – " + p.last.Time.Format("15:04 -07:00")},
		{Name: l.say("Steps passed", "完了した手順"), Value: strconv.Itoa(count[event.Passed]), Unit: l.say("of %d", "/ %d", len(p.steps)), Note: strings.Join(rest, ", ")},
		{Name: l.say("Gates checked", "確認したゲート"), Value: strconv.Itoa(len(p.gates)), Note: l.say("%d stood in the way", "うち %d 件で停止", stood)},
		{Name: l.say("Overrides", "強行"), Value: strconv.Itoa(len(p.overrides())), Class: warnIf(len(p.overrides()) > 0)},
		{Name: l.say("Pitfalls met", "検出した既知の問題"), Value: strconv.Itoa(len(p.pitfalls())), Note: l.say("remedies: %d", "対処: %d 件", len(p.remedies)), Class: warnIf(len(p.pitfalls()) > 0)},
	}
	if lanes := p.lanes(); len(lanes) > 0 {
		var down Seconds
		ready := 0
		for _, n := range lanes {
			down += n.total(nodeSpan.notReady)
			if last := n.spans[len(n.spans)-1]; last.ready == "True" && !last.deleted {
				ready++
			}
		}
		note := l.say("never NotReady", "NotReady なし")
		if down > 0 {
			note = l.say("NotReady for %s in all", "NotReady 合計 %s", l.took(down))
		}
		list = append(list, fact{Name: l.say("Nodes Ready", "Ready のノード"), Value: strconv.Itoa(ready), Unit: l.say("of %d", "/ %d", len(lanes)), Note: note, Class: warnIf(ready < len(lanes))})
	}
	return list
}

func warnIf(b bool) string {
	if b {
		return "warn"
	}
	return ""
}

// Facts are who, when, where and with what.
func (p *page) Facts() []fact {
	l, h, s := p.l, p.header, p.started
	digest := or(s.Digest, h.Digest)
	if len(digest) > 12 {
		digest = digest[:12]
	}
	if digest != "" {
		digest = "sha256 " + digest
	}
	var list []fact
	add := func(f fact) {
		if f.Value != "" {
			f.Value, f.Note = plain(f.Value), plain(f.Note)
			list = append(list, f)
		}
	}
	add(fact{Name: l.say("Cluster", "クラスター"), Value: or(s.Cluster, h.Cluster)})
	add(fact{Name: l.say("Release", "リリース"), Value: p.release()})
	add(fact{Name: l.say("Started", "開始"), Value: h.Started.Format("2006-01-02 15:04:05 -07:00")})
	if p.ended != nil {
		add(fact{Name: l.say("Ended", "終了"), Value: p.last.Time.Format("2006-01-02 15:04:05 -07:00"), Note: l.say("exit code %d", "終了コード %d", p.ended.Exit)})
	} else {
		add(fact{Name: l.say("Last event", "最後の記録"), Value: p.last.Time.Format("2006-01-02 15:04:05 -07:00")})
	}
	add(fact{Name: l.say("Operator", "オペレーター"), Value: or(s.Operator, h.Operator)})
	add(fact{Name: l.say("Runbook", "手順書"), Value: strings.TrimSpace(or(s.Runbook, h.Runbook) + " " + or(s.Version, h.Version)), Note: digest})
	add(fact{Name: l.say("Run", "実行 ID"), Value: h.ID, Code: true})
	if s.DryRun {
		add(fact{Name: l.say("Dry run", "ドライラン"), Value: l.say("nothing was executed", "何も実行していません")})
	}
	if rec := or(s.Rehearses, h.Rehearses); rec != "" {
		add(fact{Name: l.say("Rehearsal of", "リハーサルの元"), Value: rec, Note: l.say("no command ran", "コマンドは実行していません")})
	}
	add(fact{Name: "spraydeck", Value: or(s.Tool, h.Tool)})
	return list
}

// MadeBy says what wrote the report.
func (p *page) MadeBy() string {
	return p.l.say("Written by spraydeck export.", "spraydeck export により作成。")
}

// failure is a step that did not end well.
type failure struct {
	Step        *stepView
	Status, Why string
}

// Failures are the steps that failed, were lost or stopped.
func (p *page) Failures() []failure {
	var list []failure
	for _, st := range p.steps {
		switch st.Status {
		case event.Failed, event.Lost, event.Cancelled:
			list = append(list, failure{p.byStep[st.ID], p.l.status(st.Status), p.l.text(st.Because)})
		}
	}
	return list
}

// Notes are lesser things worth knowing.
func (p *page) Notes() []string { return p.notes(p.l) }

// Calm reports an uneventful run.
func (p *page) Calm() bool {
	return len(p.Failures())+len(p.overrides())+len(p.pitfalls())+len(p.Notes()) == 0
}

// laneView is a row of the table of nodes.
type laneView struct {
	Name, Role, Before, After, State, Down, Cordoned string
	Well                                             bool
}

// Lanes are the nodes, before and after.
func (p *page) Lanes() []laneView {
	var list []laneView
	for _, n := range p.lanes() {
		last := n.spans[len(n.spans)-1]
		v := laneView{Name: plain(n.name), Role: plain(n.role), Before: plain(n.before()), After: plain(n.after()), State: nodeStatus(p.l, last), Down: "–", Cordoned: "–"}
		v.Well = last.ready == "True" && !last.cordoned && !last.deleted
		if d := n.total(nodeSpan.notReady); d > 0 {
			v.Down = p.l.took(d)
		}
		if d := n.total(func(s nodeSpan) bool { return s.cordoned }); d > 0 {
			v.Cordoned = p.l.took(d)
		}
		list = append(list, v)
	}
	return list
}

// Changes are the commands that could change something.
func (p *page) Changes() []*commandView {
	var list []*commandView
	for _, c := range p.commands {
		if c.Changes {
			list = append(list, &commandView{c, p.l})
		}
	}
	return list
}

// Prelude is what happened outside every step.
func (p *page) Prelude() []item { return p.items(p.prelude) }
