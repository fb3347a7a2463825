package cli

import (
	"testing"
	"time"

	"github.com/adrg/xdg"

	"spraydeck/event"
	"spraydeck/transcript"
)

// TestEstimatesComeFromRecords: a runbook takes what it took in the middle of its recorded runs; without one nothing is said.
func TestEstimatesComeFromRecords(t *testing.T) {
	stateAt(t, t.TempDir())
	root, err := transcript.Root()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 11, 1, 22, 0, 0, 0, time.UTC)
	for i, took := range []time.Duration{30 * time.Minute, 10 * time.Minute, 20 * time.Minute, time.Second} {
		status := event.Passed
		if i == 3 {
			status = event.Failed // what did not come to its end measures nothing
		}
		w, err := transcript.Create(root, transcript.Header{Started: began.Add(time.Duration(i) * time.Hour), Runbook: "hop", Cluster: "c"})
		if err != nil {
			t.Fatal(err)
		}
		steady := time.Duration(0)
		w.Clock = func() (time.Time, time.Duration) { return began.Add(steady), steady }
		for _, e := range []event.Event{{Data: event.Planned{Steps: []event.PlannedStep{{ID: "s"}}}}, {Step: "s", Data: event.StepStarted{Attempt: 1}},
			{Step: "s", Data: event.StepEnded{Status: status}}, {Data: event.Ended{Status: status}}} {
			if e.Data.Kind() == "step-ended" {
				steady += took
			}
			if _, err := w.Append(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	runs := passedRuns()
	if e := runs.estimate("hop"); e == nil {
		t.Error("nothing is known of the hop")
	} else if *e != (planEstimate{1200, 3}) {
		t.Errorf("the hop takes %v s in %d runs, want 1200 in 3", e.Seconds, e.Runs)
	}
	if e := runs.estimate("other"); e != nil {
		t.Errorf("a runbook that never ran takes %v", e)
	}
}

// stateAt puts the saved runs of this process elsewhere.
func stateAt(t *testing.T, dir string) {
	t.Helper()
	t.Cleanup(xdg.Reload) // once the environment is as it was
	t.Setenv("XDG_STATE_HOME", dir)
	xdg.Reload()
}
