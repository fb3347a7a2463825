package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spraydeck/engine"
	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/runbook/runbooktest"
)

// bookOf parses a runbook of the phases given.
func bookOf(t *testing.T, phases string) *runbook.Runbook {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.yaml")
	text := "apiVersion: spraydeck/v1\nkind: Runbook\nname: book\nversion: 1.0.0\ntitle: A book\nsystem: os\nphases:\n" + phases
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("../runbook")
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.Rel(dir, path); err != nil {
		t.Fatal(err)
	}
	files, problems := runbooktest.Read(t, path)
	if files[0].Runbook == nil {
		t.Fatal(problems)
	}
	return files[0].Runbook
}

const upgradeBook = `  - title: All
    steps:
      - id: look
        title: Look
        check:
          gates:
            - {id: nodes, title: Nodes are old, fails: Nodes are not old, facts: {v: {command: "kubectl get nodes"}}, rule: 'v.stdout == "old"'}
            - {id: file, title: The file is there, fails: The file is gone, facts: {f: {command: "test -f there"}}, rule: 'f.exit == 0'}
            - {id: again, title: The file is there, fails: The file is gone, facts: {f: {command: "test -f there"}}, rule: 'f.exit == 0'}
      - {id: upgrade, title: Upgrade, danger: disrupts, undo: None., command: "ansible-playbook upgrade.yml"}
      - {id: last, title: Last, command: "true"}
`

// TestResumeAttachesFirst: a console is killed while a playbook runs. The next one takes it up before it looks at anything
// else, and counts as drift only what the playbook cannot have changed.
func TestResumeAttachesFirst(t *testing.T) {
	book := bookOf(t, upgradeBook)
	running, released := make(chan struct{}), make(chan struct{})
	nodes, file := "old", 0
	k := &keeper{jobs: map[int]*job{}, inner: func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
		switch {
		case strings.HasPrefix(c.Line, "kubectl"):
			out("stdout", []byte(nodes))
		case strings.HasPrefix(c.Line, "test"):
			return file, nil
		case strings.HasPrefix(c.Line, "ansible-playbook"):
			close(running)
			<-released
		}
		return 0, nil
	}}
	j := &journal{left: -1}
	ctx, kill := context.WithCancel(t.Context())
	env := engine.Env{Exec: k.exec, Ask: yes, Sink: func(e event.Event) error {
		if ctx.Err() != nil {
			return errKilled
		}
		return j.append(e)
	}}
	ended := make(chan error)
	go func() { _, err := engine.NewRun(book, env).Go(ctx); ended <- err }()
	<-running
	kill()
	nodes, file = "new", 1
	close(released)
	<-ended
	before := len(j.events)
	if _, err := console(t, book, j, k, yes); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	var drift []event.Drifted
	for _, e := range j.events[before:] {
		kinds = append(kinds, e.Data.Kind())
		if d, ok := e.Data.(event.Drifted); ok {
			drift = append(drift, d)
		}
	}
	took, looked := slices.Index(kinds, "command-ended"), slices.Index(kinds, "drifted")
	if first := slices.Index(kinds, "command-started"); took < 0 || looked < took || first >= 0 && first < took {
		t.Errorf("the playbook is not taken up first: %v", kinds)
	}
	if len(drift) != 1 || drift[0].Gate != "file" {
		t.Errorf("drift %+v, want the file alone, once", drift)
	}
}

// TestProbesAreSharedInAStep: gates of one step that look at the same are answered by one command; after a question it is
// asked again.
func TestProbesAreSharedInAStep(t *testing.T) {
	book := bookOf(t, upgradeBook)
	looks, there := 0, 1
	run := func(_ context.Context, c event.Command, out func(string, []byte)) (int, error) {
		switch {
		case strings.HasPrefix(c.Line, "kubectl"):
			out("stdout", []byte("old"))
		case strings.HasPrefix(c.Line, "test"):
			looks++
			return there, nil
		}
		return 0, nil
	}
	ask := func(ctx context.Context, q event.Question) (event.Answer, error) {
		if q.Form == event.AskGate {
			there = 0
			return event.Answer{Choice: event.ChoiceRetry}, nil
		}
		return yes(ctx, q)
	}
	end, err := engine.NewRun(book, engine.Env{Exec: run, Ask: ask, Sink: func(event.Event) error { return nil }}).Go(t.Context())
	if err != nil || end.Status != event.Passed || looks != 2 {
		t.Errorf("%+v, %v: looked %d times, want once before the question and once after it", end, err, looks)
	}
}
