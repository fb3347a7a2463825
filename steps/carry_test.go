package steps

import (
	"context"
	"slices"
	"strings"
	"testing"

	"spraydeck/event"
)

// merged has one change of the operator's that fits and one that does not.
type merged struct{}

func (merged) Hunks() []Hunk {
	return []Hunk{{ID: 1, Mine: []string{"a"}}, {ID: 2, Conflict: true, Line: 7, Base: []string{"b: 0\n"}, Mine: []string{"b: 1\n"}, Theirs: []string{"b: 2\n"}}}
}
func (merged) Apply(take func(int) string) []byte { return []byte(take(1) + " " + take(2)) }

func TestCarry(t *testing.T) {
	for _, c := range []struct{ choice, want string }{{"mine", "mine mine"}, {"theirs", "mine theirs"}, {"both", "mine both"}, {"edit", "mine mine"}} {
		k := &carry{Path: template(t, "addons.yml"), Base: template(t, "a:x"), Mine: template(t, "b:x"), Theirs: template(t, "c:x"),
			with: Carrying{Merge: func(base, mine, theirs []byte) (Merged, error) {
				if string(base)+string(mine)+string(theirs) != "git show a:xgit show b:xgit show c:x" {
					t.Errorf("merged %q, %q, %q", base, mine, theirs)
				}
				return merged{}, nil
			}}}
		wrote, opened := "", 0
		tk, ran := task(func(cmd event.Command) (string, int, error) {
			if cmd.Stdin != nil {
				b := make([]byte, 100)
				n, _ := cmd.Stdin.Read(b)
				wrote = string(b[:n])
			}
			return cmd.Line, 0, nil
		})
		tk.Edit = func(_ context.Context, _ string, line int) error { opened = line; return nil }
		var asked []string
		tk.Ask = func(_ context.Context, q event.Question) (event.Answer, error) {
			asked = append(asked, q.ID, strings.Join(q.Details, ";"))
			return event.Answer{Choice: c.choice}, nil
		}
		if _, err := k.Run(t.Context(), tk); err != nil {
			t.Fatal(err)
		}
		if wrote != c.want || (opened == 7) != (c.choice == "edit") {
			t.Errorf("%s: wrote %q, opened line %d", c.choice, wrote, opened)
		}
		if !slices.Equal(asked, []string{"step/hunk-2", "base | b: 0;mine | b: 1;new  | b: 2"}) {
			t.Errorf("asked %q", asked)
		}
		described(t, k, tk, *ran)
	}
}
