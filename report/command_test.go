package report

import (
	"strings"
	"testing"

	"spraydeck/event"
)

// TestCommandsCanBePasted: in Markdown, what looks like a command is one, to the letter. A script stays in its lines; what
// reads a text on standard input says so and is no shell code.
func TestCommandsCanBePasted(t *testing.T) {
	lines := []string{
		"printf '%s  %s\\n' a  b | sort",
		"t=$(date +%Y)\nfor f in a b; do\n  cp $f $f.$t\ndone",
		"echo " + strings.Repeat("x", 300),
		"a || `b`",
	}
	plan := event.Planned{Steps: []event.PlannedStep{{ID: "s", Title: event.T("All of them")}}}
	events := []event.Event{{Data: event.Started{Runbook: "r"}}, {Data: plan}, {Step: "s", Data: event.StepStarted{Attempt: 1}}}
	for i, l := range append(lines, "tar -x -f - -C inventory/mycluster") {
		events = append(events,
			event.Event{Step: "s", Data: event.CommandStarted{Number: i + 1, Host: event.Workstation, Line: l, Changes: true, Fed: i == len(lines)}},
			event.Event{Step: "s", Data: event.CommandEnded{Number: i + 1, Outcome: event.Done}})
	}
	md := export(t, record(t, append(events, event.Event{Step: "s", Data: event.StepEnded{Status: event.Passed}}, event.Event{Data: event.Ended{Status: event.Passed}})), "md", "en")
	for _, l := range lines {
		if !strings.Contains(md, "```sh\n"+l+"\n```") {
			t.Errorf("not as a block of its own: %q", l)
		}
	}
	if strings.Contains(md, "```sh\ntar") || !strings.Contains(md, "```text\ntar") {
		t.Error("what reads standard input looks like a command that can be pasted")
	}
	_, table, _ := strings.Cut(md, "## Commands that changed something")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, want := range []string{"| `printf '%s  %s\\n' a  b \\| sort` |", "| t=$(date +%Y) … (4 lines) |", "| `` a \\|\\| `b` `` |",
		"| tar -x -f - -C inventory/mycluster (reads a text that this step gives it on standard input) |"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %s:\n%s", want, table)
		}
	}
	for _, row := range strings.Split(table, "\n") {
		if _, code, ok := strings.Cut(row, "`"); ok && strings.Contains(code, "…") {
			t.Errorf("a cut command looks like a command: %s", row)
		}
	}
}
