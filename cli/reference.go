package cli

import (
	"fmt"
	"io"
	"slices"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

// earlierRuns is how many runs of the same runbook estimates are taken from, the newest first.
const earlierRuns = 7

// earlierLooked is how many runs are looked at to find them, so that no start waits for thousands of old runs.
const earlierLooked = 200

// refer finds what a run is held against: the run that the operator names, and earlier ones of the same runbook for the
// time that steps take.
func refer(out io.Writer, lang, name, runbookName string) (*event.Reference, event.Earlier, error) {
	var ref *event.Reference
	var earlier event.Earlier
	root, err := transcript.Root()
	if err != nil {
		return nil, nil, err
	}
	if name != "" {
		path, err := transcript.Find(root, name)
		if err != nil {
			return nil, nil, usage(err)
		}
		_ = tellUnverified(out, lang, path) // shown all the same
		if ref, err = reference(path); err != nil {
			return nil, nil, usage(err)
		}
		earlier = append(earlier, ref.State)
	}
	list, err := transcript.Newest(root)
	if err != nil {
		return ref, earlier, nil // only estimates are lost, and the run will say itself what is wrong with the directory
	}
	looked := 0
	for s := range list {
		if looked++; len(earlier) == earlierRuns || looked > earlierLooked {
			break
		}
		if s.Err != nil || s.Status != event.Passed || s.Header.Runbook != runbookName || ref != nil && ref.Name == s.ID {
			continue
		}
		if state, err := skeleton(s.Dir); err == nil {
			earlier = append(earlier, state)
		}
	}
	return ref, earlier, nil
}

// runsByBook are the recorded runs that passed, by runbook, the newest first.
type runsByBook map[string][]string

// passedRuns finds them. Without them only estimates are lost.
func passedRuns() runsByBook {
	root, err := transcript.Root()
	if err != nil {
		return nil
	}
	list, err := transcript.List(root)
	if err != nil {
		return nil
	}
	runs := runsByBook{}
	for _, s := range list {
		if b := s.Header.Runbook; s.Err == nil && s.Status == event.Passed && s.Header.Rehearses == "" && len(runs[b]) < earlierRuns {
			runs[b] = append(runs[b], s.Dir)
		}
	}
	return runs
}

// estimate is how long a runbook takes, nil where no run of it is recorded.
func (r runsByBook) estimate(book string) *planEstimate {
	var took []time.Duration
	for _, dir := range r[book] {
		if state, err := skeleton(dir); err == nil && !state.Started.DryRun {
			took = append(took, state.Total())
		}
	}
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	return &planEstimate{took[len(took)/2].Seconds(), len(took)}
}

// reference folds a whole run. One that is not as it was written is shown all the same, and said to be so.
func reference(path string) (*event.Reference, error) {
	r, err := transcript.Read(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	ref := &event.Reference{Name: r.Header().ID, State: &event.State{}}
	for e, err := range r.Events() {
		if err != nil {
			return nil, err
		}
		ref.State.Apply(e)
	}
	return ref, nil
}

func skeleton(path string) (*event.State, error) {
	r, err := transcript.Read(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	state := &event.State{}
	for e, err := range r.WithoutOutput() {
		if err != nil {
			return nil, err
		}
		state.Apply(e)
	}
	return state, nil
}

// notSame says where a reference was another work than this one.
func notSame(out io.Writer, ref *event.Reference, book *runbook.Runbook) {
	if then := ref.State.Started.Runbook; then != book.Name.Value {
		fmt.Fprintf(out, "spraydeck: the reference %s is a run of %s, not of %s: only steps of the same name are held against it\n", ref.Name, then, book.Name.Value)
	}
}
