package runbooks

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"spraydeck/runbook"
	"spraydeck/symptom"
)

// TestCorpus: every log of corpus/ shows exactly the pitfalls its folder names, as a file and as it comes.
func TestCorpus(t *testing.T) {
	var pitfalls []*runbook.Pitfall
	for _, f := range load(t) {
		if f.Pitfall != nil {
			pitfalls = append(pitfalls, f.Pitfall)
		}
	}
	known := runbook.NewSymptoms(pitfalls)
	archives, err := filepath.Glob("corpus/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	logs, healthy, shown := 0, 0, map[string]bool{}
	for _, name := range archives {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(text).Files {
			logs++
			var want []string
			if w := path.Dir(f.Name); w == "none" {
				healthy++
			} else {
				want = strings.Split(w, "+")
			}
			for _, w := range want {
				shown[strings.TrimSuffix(w, "?")] = true
			}
			t.Run(filepath.Base(name)+"/"+f.Name, func(t *testing.T) {
				var hits []symptom.Hit
				err := known.Set.Scan(context.Background(), strings.NewReader(string(f.Data)), f.Name, func(h symptom.Hit) error {
					hits = append(hits, h)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if got := told(known, hits); !slices.Equal(got, want) {
					t.Errorf("as a file: %v, want %v\n%s", got, want, f.Data)
				}
				hits = nil
				stream := known.Set.Stream()
				for line := range strings.Lines(string(f.Data)) {
					for _, s := range []string{"output", "nodes", "commands"} {
						hits = append(hits, stream.Feed(symptom.Input{Stream: s}, strings.TrimSuffix(line, "\n"), time.Now())...)
					}
				}
				hits = append(hits, stream.End(time.Now())...)
				if got := told(known, hits); !slices.Equal(got, want) {
					t.Errorf("as it comes: %v, want %v\n%s", got, want, f.Data)
				}
			})
		}
	}
	if logs < 100 || 2*healthy < logs {
		t.Errorf("%d logs, %d of them healthy", logs, healthy)
	}
	for _, p := range pitfalls {
		if len(p.Symptoms) > 0 && !shown[p.Name.Value] {
			t.Logf("%s has symptoms and no log in the corpus", p.Name.Value)
		}
	}
}

// told returns the pitfalls of hits, each once, a hint with a question mark if there is no verdict.
func told(known *runbook.Symptoms, hits []symptom.Hit) []string {
	verdicts := map[string]bool{}
	for _, h := range hits {
		p, _ := known.Of(h.ID)
		verdicts[p.Name.Value] = verdicts[p.Name.Value] || !h.Hint
	}
	var list []string
	for id, sure := range verdicts {
		if !sure {
			id += "?"
		}
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}
