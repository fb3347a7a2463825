package report

import (
	"fmt"
	"strings"

	"spraydeck/event"
)

// shape is the sign of a mark: each kind has a form of its own, so that colour never stands alone.
func shape(class string, x, y float64) markup {
	at := fmt.Sprintf(`transform="translate(%.1f %.1f)"`, x, y)
	switch class {
	case "m-gate":
		return markup(`<path class="sign" ` + at + ` d="M-5.5 -5.5h11v11h-11z"/>`)
	case "m-override":
		return markup(`<path class="sign" ` + at + ` d="M0 -7L7 0L0 7L-7 0z"/>`)
	case "m-hit":
		return markup(`<circle class="sign" ` + at + ` r="6"/>`)
	case "m-resume":
		return markup(`<path class="sign" ` + at + ` d="M-5 -6.5L7 0L-5 6.5z"/>`)
	case "m-remedy":
		return markup(`<path class="sign" ` + at + ` d="M-2.2 -6.5h4.4v4.3h4.3v4.4h-4.3v4.3h-4.4v-4.3h-4.3v-4.4h4.3z"/>`)
	}
	return markup(`<path class="sign" ` + at + ` d="M0 -6.5L7 6H-7z"/>`)
}

func (b bar) cordoned() bool { return strings.Contains(b.Class, "cordoned") }

func (b bar) down() bool {
	return strings.Contains(b.Class, "n-down") || strings.Contains(b.Class, "n-unknown")
}

// legendItem explains a sign of the chart.
type legendItem struct {
	Sign markup
	Text string
}

// Legend explains the signs that this chart has, and no others.
func (p *page) Legend() []legendItem {
	l := p.l
	has := map[string]bool{}
	for _, m := range p.Chart.Marks {
		has[m.Class] = true
	}
	for _, rows := range [][]row{p.Chart.Rows, p.Chart.Nodes} {
		for _, r := range rows {
			for _, b := range r.Bars {
				for _, class := range strings.Fields(b.Class) {
					has[class] = true
				}
			}
			has["change"] = has["change"] || len(r.Changes) > 0
		}
	}
	has["noreturn"] = p.Chart.NoReturn > 0
	has["outage"] = len(p.Chart.Outages) > 0
	var list []legendItem
	put := func(class, sign, text string) {
		if has[class] {
			list = append(list, legendItem{markup(sign), text})
		}
	}
	box := func(class string) string {
		return `<rect class="` + class + `" x="1" y="1" width="16" height="12" rx="2"/>`
	}
	for _, m := range []struct{ class, text string }{
		{"m-gate", l.say("a gate stood in the way", "ゲートで停止")}, {"m-override", l.say("override", "強行")},
		{"m-hit", l.say("known problem seen", "既知の問題を検出")}, {"m-remedy", l.say("remedy", "対処")}, {"m-fail", l.say("failure", "失敗")},
		{"m-resume", l.say("taken up again", "再開")},
	} {
		put(m.class, `<g class="mark `+m.class+`">`+string(shape(m.class, 9, 7))+`</g>`, m.text)
	}
	for _, s := range []event.Status{event.Passed, event.Failed, event.Overridden, event.Lost, event.Cancelled, event.Running} {
		put("s-"+string(s), box("bar s-"+string(s)), l.say("step ", "手順: ")+l.status(s))
	}
	put("n-ready", box("node n-ready"), "Ready")
	put("newer", box("node n-ready newer"), l.say("Ready, on the new version", "Ready (新しいバージョン)"))
	put("n-down", box("node n-down")+`<rect fill="url(#cross)" x="1" y="1" width="16" height="12"/>`, "NotReady")
	put("n-unknown", box("node n-unknown")+`<rect fill="url(#cross)" x="1" y="1" width="16" height="12"/>`, l.say("NotReady (unknown)", "NotReady (不明)"))
	put("cordoned", box("node n-ready cordoned")+`<rect fill="url(#hatch)" x="1" y="1" width="16" height="12"/>`, l.say("cordoned", "コードン中"))
	put("change", `<g class="change"><path d="M9 4v10"/><path class="flag" d="M9 5l5 -4h-10z"/></g>`, l.say("new version", "バージョン変更"))
	put("noreturn", `<g class="noreturn"><path d="M9 0V14"/></g>`, l.say("no way back from here", "これ以降は後戻り不可"))
	put("outage", `<g class="outage"><rect x="1" y="1" width="16" height="12"/></g>`, l.say("API server not reached", "API サーバー接続断"))
	return list
}
