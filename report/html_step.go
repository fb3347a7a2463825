package report

import (
	"strings"
	"time"

	"spraydeck/event"
)

// stepView is a step as the template shows it.
type stepView struct {
	p                *page
	st               *Step
	Phase            string // where a new one begins
	Number, Attempts int
	NoReturn         bool
	Status           event.Status
}

func (v *stepView) Anchor() string  { return v.st.anchor() }
func (v *stepView) Title() string   { return v.p.l.text(v.st.Title) }
func (v *stepView) Why() string     { return v.p.l.text(v.st.Why) }
func (v *stepView) Because() string { return v.p.l.text(v.st.Because) }
func (v *stepView) ID() string      { return plain(v.st.ID) }
func (v *stepView) Kind() string    { return plain(v.st.Kind) }
func (v *stepView) Hosts() string   { return plain(strings.Join(v.st.Hosts, ", ")) }
func (v *stepView) Items() []item   { return v.p.items(v.st) }

func (v *stepView) Began() *time.Time {
	if v.st.Began == nil {
		return nil
	}
	return &v.st.Began.Time
}

func (v *stepView) Took() string {
	if v.st.Began == nil || v.st.Status == event.Skipped {
		return ""
	}
	return v.p.l.took(v.st.Took)
}

// Tags are what a reader should know before opening the step.
func (v *stepView) Tags() []fact {
	var list []fact
	if s := v.p.l.danger(v.st.Danger); s != "" {
		list = append(list, fact{Name: s, Class: "d-" + string(v.st.Danger)})
	}
	if v.NoReturn {
		list = append(list, fact{Name: v.p.l.say("no return", "後戻り不可"), Class: "d-noreturn"})
	}
	return list
}

// Open reports whether something stood out in the step: then it is shown unfolded.
func (v *stepView) Open() bool {
	switch v.st.Status {
	case event.Passed, event.Skipped, event.Waiting:
	default:
		return true
	}
	for _, it := range v.st.items {
		switch d := it.(type) {
		case *Gate:
			if blocked(d) {
				return true
			}
		case *Decision:
			if d.Override {
				return true
			}
		case *Hit, *Remedy:
			return true
		}
	}
	return false
}

// item is one thing that happened in a step; one field is set.
type item struct {
	Probes   []*commandView
	Command  *commandView
	Gate     *Gate
	Hit      *Hit
	Remedy   *remedyView
	Decision *Decision
	Diff     *diffView
	Remark   *Remark
	Attempt  int
	Note     string
}

type remedyView struct {
	*Remedy
	Ended string
}

// items returns what happened in a step, with the probes that follow each other as one.
func (p *page) items(st *Step) []item {
	var list []item
	for _, it := range st.items {
		switch d := it.(type) {
		case *Command:
			c := &commandView{d, p.l}
			if n := len(list); d.Probe && n > 0 && list[n-1].Probes != nil {
				list[n-1].Probes = append(list[n-1].Probes, c)
			} else if d.Probe {
				list = append(list, item{Probes: []*commandView{c}})
			} else {
				list = append(list, item{Command: c})
			}
		case *Gate:
			list = append(list, item{Gate: d})
		case *Hit:
			list = append(list, item{Hit: d})
		case *Remedy:
			v := &remedyView{d, p.l.say("started", "開始")}
			if d.ends {
				v.Ended = p.l.status(d.Status) + ", " + p.l.took(d.Took)
			}
			list = append(list, item{Remedy: v})
		case *Decision:
			list = append(list, item{Decision: d})
		case *Diff:
			list = append(list, item{Diff: p.byDiff[d]})
		case *Remark:
			list = append(list, item{Remark: d})
		case *Resume:
			list = append(list, item{Note: p.l.resumed(d)})
		case *Pause:
			list = append(list, item{Note: p.l.paused(d)})
		case *Drift:
			list = append(list, item{Note: p.l.drifted(d)})
		case attempt:
			list = append(list, item{Attempt: d.number})
		}
	}
	return list
}

func verdictMark(v event.Verdict) string {
	switch v {
	case event.Pass:
		return "✓"
	case event.Fail:
		return "✗"
	}
	return "?"
}
