package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"spraydeck/event"
)

// verdicts are what the gates of a run said, each in the order in which it was checked.
type verdicts struct {
	of    map[verdictKey][]string
	order []verdictKey
}

type verdictKey struct{ step, when, gate string }

func (k verdictKey) String() string {
	return strings.Join([]string{k.step, k.when, k.gate}, " ")
}

func (v *verdicts) see(e event.Event) {
	d, ok := e.Data.(event.GateChecked)
	if !ok {
		return
	}
	if v.of == nil {
		v.of = map[verdictKey][]string{}
	}
	k := verdictKey{e.Step, d.When, d.Gate}
	if v.of[k] == nil {
		v.order = append(v.order, k)
	}
	v.of[k] = append(v.of[k], string(d.Verdict))
}

// compare prints what a rehearsal judged differently from the run it rehearses, and gives how many gates that are.
func (v *verdicts) compare(out io.Writer, then *verdicts) int {
	keys := slices.Clone(then.order)
	for _, k := range v.order {
		if then.of[k] == nil {
			keys = append(keys, k)
		}
	}
	differ := 0
	for _, k := range keys {
		was, now := then.of[k], v.of[k]
		if slices.Equal(was, now) {
			continue
		}
		differ++
		fmt.Fprintf(out, "%s: was %s, is %s\n", k, said(was), said(now))
	}
	if differ == 0 {
		fmt.Fprintf(out, "the same verdicts at all %d gates\n", len(keys))
	} else {
		fmt.Fprintf(out, "other verdicts at %d of %d gates\n", differ, len(keys))
	}
	return differ
}

func said(list []string) string {
	if len(list) == 0 {
		return "not checked"
	}
	return strings.Join(list, ", then ")
}
