package ui

import (
	"testing"
)

// TestKeysDoWhatTheySay presses every key that is on and no mere motion, on every screen: something follows that the operator can see.
// A key that has nothing to do must be off, with its reason.
func TestKeysDoWhatTheySay(t *testing.T) {
	pages := map[string][][]string{"playbook": {nil, {"1"}, {"n"}, {"L"}, {"L", "enter"}, {"d"}, {"m"}, {"m", "enter"}, {"p"}},
		"gate": {nil, {"1"}, {"m"}, {"L"}, {"p"}}, "finished": {nil, {"1"}, {"L"}, {"m"}, {"2"}, {"1", "enter"}}, "approve": {nil}, "failed": {nil, {"t"}, {"t", "enter"}, {"t", "enter", "enter"}}, "compare": {nil}}
	pressed := 0
	for name, prepares := range pages {
		for _, prepare := range prepares {
			probe := opened(t, name, "en", 120, 40)
			probe.press(prepare...)
			for _, k := range probe.m.run.allKeys() {
				if !k.Enabled() || motionOf(pressOf(k.Keys[0])) != noMotion {
					continue
				}
				if k.Help.En == "" || k.Help.Ja == "" {
					t.Errorf("%s after %v: %s has no help in both languages", name, prepare, k.Keys[0])
				}
				d := opened(t, name, "en", 120, 40)
				d.press(prepare...)
				d.now = d.now.Add(1)
				before := d.screen()
				d.press(k.Keys[0])
				pressed++
				if d.screen() != before || d.quit || d.copied != "" || d.m.typing || d.control() != nil || d.asked != nil && d.answer() != nil {
					continue
				}
				if st := d.m.run.state; k.Keys[0] == "2" || k.Keys[0] == "tab" && st.Ended != nil { // we are there
					continue
				}
				t.Errorf("%s after %v: %s (%s) does nothing that shows", name, prepare, k.Keys[0], k.Help.In("en"))
			}
		}
	}
	t.Logf("%d keys pressed", pressed)
}
