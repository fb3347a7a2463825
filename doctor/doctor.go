// Package doctor checks, before a window, what every window needs: the workstation, the checkout, the cluster and the nodes.
//
// A check is a function of a small interface and returns one Check or several. All are answered, also where one of them fails:
// what cannot be checked because something else is missing is unknown and names that. Nothing is changed.
package doctor

import (
	"time"

	"spraydeck/event"
)

// Check is one thing that a window needs, and whether it is there.
type Check struct {
	Area    Area          `json:"area"`
	Name    string        `json:"name"`         // stable, in English, such as sudo
	On      string        `json:"on,omitempty"` // the node, "" for all others
	Verdict event.Verdict `json:"verdict"`      // fail: a window cannot be worked through like this
	Notice  bool          `json:"notice"`       // a failure that a window survives
	Says    event.Text    `json:"says"`         // what was found
	Do      event.Text    `json:"do,omitzero"`  // how to mend it, empty where all is well
}

// Area is where a check looks.
type Area string

// The areas, in their order on the page.
const (
	workstation Area = "workstation"
	checkout    Area = "checkout"
	cluster     Area = "cluster"
	nodes       Area = "nodes"
)

// Title returns the name of an area for people.
func (a Area) Title() event.Text {
	switch a {
	case workstation:
		return event.Text{En: "This workstation", Ja: "この端末"}
	case checkout:
		return event.Text{En: "Checkout and inventory", Ja: "チェックアウトとインベントリー"}
	case cluster:
		return event.Text{En: "Cluster", Ja: "クラスター"}
	}
	return event.Text{En: "Nodes", Ja: "ノード"}
}

// maxSkew is how far two clocks may differ. Certificates, leases and the order of log lines depend on them; etcd warns from 1 s.
const maxSkew = 5 * time.Second

func pass(a Area, name, en, ja string) Check {
	return Check{Area: a, Name: name, Verdict: event.Pass, Says: event.Text{En: en, Ja: ja}}
}

func fail(a Area, name string, says, do event.Text) Check {
	return Check{Area: a, Name: name, Verdict: event.Fail, Says: says, Do: do}
}

func notice(a Area, name string, says, do event.Text) Check {
	c := fail(a, name, says, do)
	c.Notice = true
	return c
}

func unknown(a Area, name string, says, do event.Text) Check {
	c := fail(a, name, says, do)
	c.Verdict = event.Unknown
	return c
}

// broken is a check that ended with an error. Its hint is what to do.
func broken(a Area, name string, err error) Check {
	return fail(a, name, event.T(err.Error()), event.T(event.HintOf(err)))
}

// skew compares a clock with that of the workstation. The error of the measurement is within.
func skew(a Area, ahead, within time.Duration) Check {
	if d := ahead.Abs(); d > maxSkew+within {
		by := event.Duration(d)
		return notice(a, "clock", event.Textf("its clock differs from this workstation's by %s", "時計がこの端末と %s ずれています", by),
			event.Text{En: "Synchronise both: timedatectl set-ntp true, then timedatectl timesync-status.", Ja: "両方の時刻を同期してください: timedatectl set-ntp true の後、timedatectl timesync-status で確認します。"})
	}
	return pass(a, "clock", "its clock agrees with this workstation's", "時計はこの端末と一致しています")
}
