package cli

import (
	"fmt"

	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
	"spraydeck/release"
)

// planWidth is where lines of reasons break. Rows of versions are shorter.
const planWidth = 100

// planTable shows a plan to a person: a row for each hop, and below it what to know.
func planTable(p *plan, lang string) string {
	var b strings.Builder
	say := func(en, ja string, args ...any) string { return event.Textf(en, ja, args...).In(lang) }
	found := map[string]string{
		"given":                say("as given", "指定"),
		"checkout":             say("found in the checkout", "チェックアウトから"),
		"cluster":              say("found in the cluster", "クラスターから"),
		"checkout and cluster": say("found in checkout and cluster", "チェックアウトとクラスターから"),
	}[p.From.Source]
	kubernetes := p.From.Kubernetes
	if kubernetes == "" {
		kubernetes = p.Stops[0].Kubernetes.Version
	}
	fmt.Fprintln(&b, say("From %s (Kubernetes %s, %s) to %s; releases are known up to %s.", "%s（Kubernetes %s、%s）から %s へ。既知のリリースは %s まで。",
		p.From.Release, kubernetes, found, p.To, p.KnownUpTo))
	if len(p.Hops) == 0 {
		fmt.Fprintln(&b, say("There is nothing to do.", "することはありません。"))
		return b.String()
	}
	rows := [][]string{{"HOP", "KUBERNETES", "ETCD", "CONTAINERD", "CALICO", "ANSIBLE", "PYTHON", "ESTIMATE"}}
	for i, h := range p.Hops {
		before := p.Stops[i].Kubernetes.Version
		if i == 0 {
			before = kubernetes
		}
		rows = append(rows, planRow(before, p.Stops[i+1], h))
	}
	if slices.ContainsFunc(p.Hops, func(h planHop) bool { return h.Findings != nil }) {
		rows[0] = append(rows[0], "FINDINGS")
		for i, h := range p.Hops {
			rows[i+1] = append(rows[i+1], h.Findings.say(say))
		}
	}
	lines := aligned(rows)
	fmt.Fprintf(&b, "\n%s\n", lines[0])
	for i, h := range p.Hops {
		fmt.Fprintln(&b, lines[i+1])
		planNotes(&b, h, lang, say)
	}
	fmt.Fprintf(&b, "\n%s\n", planTotal(p, say))
	return b.String()
}

func planRow(kubernetes string, to release.Stop, h planHop) []string {
	python := "-"
	if to.Python != nil {
		python = to.Python.Min + "-" + to.Python.Max
	}
	estimate := "-"
	if e := h.Estimate; e != nil {
		estimate = e.String()
	}
	return []string{h.From + " → " + h.To, kubernetes + " → " + to.Kubernetes.Version,
		to.Components["etcd"], to.Components["containerd"], to.Components["calico"], to.Ansible.Package, python, estimate}
}

// String returns 2h10m.
func (e planEstimate) String() string {
	return event.Duration(time.Duration(e.Seconds * float64(time.Second)))
}

// say counts findings by severity, and the unknown ones.
func (f *hopFindings) say(say func(en, ja string, args ...any) string) string {
	if f == nil {
		return "-"
	}
	var parts []string
	for _, c := range []struct {
		n      int
		en, ja string
	}{{f.Blocks, "%d block", "進行不可 %d"}, {f.Outage, "%d outage", "障害 %d"}, {f.Data, "%d data", "データ損失 %d"}, {f.Nuisance, "%d nuisance", "軽微 %d"}, {f.Unknown, "%d unknown", "不明 %d"}} {
		if c.n > 0 {
			parts = append(parts, say(c.en, c.ja, c.n))
		}
	}
	if parts == nil {
		return say("none", "なし")
	}
	return strings.Join(parts, ", ")
}

// planNotes writes what to know of a hop: releases passed by, what must hold first, what gets older, what is new.
func planNotes(b *strings.Builder, h planHop, lang string, say func(en, ja string, args ...any) string) {
	line := func(label, text string) {
		for i, l := range wrapped(label+text, planWidth-6) {
			indent := "    "
			if i > 0 {
				indent += "  "
			}
			fmt.Fprintf(b, "%s%s\n", indent, l)
		}
	}
	if h.Runbook != "" {
		line(say("runbook: ", "手順書: "), h.Runbook)
	}
	if h.Past != "" {
		line(say("runbook: ", "手順書: "), say("none leads to %s; %s takes the same clusters past it", "%s への手順書はありません。%s で、より新しいパッチに上げられます", h.To, h.Past))
	}
	for _, a := range h.Avoided {
		line(say("not %s: ", "%s は避ける: ", a.Release), a.Why.In(lang))
	}
	for _, c := range h.Conditions {
		label := say("first: ", "事前に: ")
		if c.Unmet {
			label = say("NOT MET: ", "未達: ")
		}
		text := c.Says.In(lang)
		if len(c.Nodes) > 0 {
			text += " (" + strings.Join(c.Nodes, ", ") + ")"
		}
		line(label, text)
	}
	for _, o := range h.Backwards {
		line(say("gets older: ", "古くなる: "), o.Component+" "+o.From+" → "+o.To)
	}
	for _, f := range h.Faults {
		line(say("fault: ", "不具合: "), f.Says.In(lang))
	}
	for _, n := range h.Notes {
		line(say("new: ", "変更: "), n.Says.In(lang))
	}
}

// wrapped breaks a text at spaces, and between wide characters, whose languages write without spaces. Anything else stays
// whole, as the names in it are there to be copied.
func wrapped(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		gap := " "
		for _, piece := range pieces(word) {
			last := &lines[len(lines)-1]
			switch {
			case *last == "":
				*last = piece
			case ansi.StringWidth(*last+gap+piece) <= width:
				*last += gap + piece
			default:
				lines = append(lines, piece)
			}
			gap = ""
		}
	}
	return lines
}

// pieces cuts a word before every wide character, except before a closing mark, which begins no line.
func pieces(word string) []string {
	var list []string
	wide := true
	for _, r := range word {
		now := ansi.StringWidth(string(r)) > 1
		if (now || wide) && (list == nil || !strings.ContainsRune("、。）」・ー", r)) {
			list = append(list, "")
		}
		list[len(list)-1] += string(r)
		wide = now
	}
	return list
}
