package whatif

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Step is a task that may restart something, by itself or by a handler, or on whose change another depends.
type Step struct {
	Host     string    `json:"host"`
	On       string    `json:"on"` // where it runs, if it is delegated
	Task     string    `json:"task"`
	Register string    `json:"register"`
	Changes  string    `json:"changes"` // never, always, unknown, or args: where the old release has no task with these arguments
	File     string    `json:"file"`    // that it writes: it changes if the file does
	Digest   string    `json:"digest"`  // of its arguments
	Assumed  bool      `json:"assumed"`
	Needs    []string  `json:"needs"` // what only the node knows in its conditions
	When     []string  `json:"when"`  // its conditions
	Restarts []string  `json:"restarts"`
	Handlers []Handler `json:"handlers"`
}

// Handler is what a handler restarts.
type Handler struct {
	Restarts []string `json:"restarts"`
	Assumed  bool     `json:"assumed"`
}

// Restart is a unit or a static pod that restarts on some nodes.
type Restart struct {
	What  string   `json:"what"` // unit NAME or pod NAME
	Nodes []string `json:"nodes"`
	May   bool     `json:"may"` // whether it does depends on the node
	Why   []string `json:"why"` // the tasks that cause it
}

// chance is whether something happens: no, it may, or it does.
type chance int

const (
	no chance = iota
	may
	yes
)

// forecast says what the new release restarts on each node that goes over from the old one. It is the least: what tasks do that
// are not followed is not in it.
func forecast(old, new *Rendering) []Restart {
	before, after := lastWritten(old), lastWritten(new)
	known := map[[2]string]bool{}
	for _, s := range old.Steps {
		known[[2]string{s.Host, s.Digest}] = true
	}
	happens := map[[2]string]chance{} // by host and what restarts
	why := map[[2]string][]string{}
	note := func(host string, what []string, c chance, task string) {
		for _, w := range what {
			id := [2]string{host, w}
			if c > happens[id] {
				happens[id], why[id] = c, nil
			}
			if c > no && c == happens[id] && !slices.Contains(why[id], task) {
				why[id] = append(why[id], task)
			}
		}
	}
	registered := map[[2]string]chance{}
	either := eitherRuns(new.Steps)
	for _, s := range new.Steps {
		runs := yes
		if s.Assumed && !either[s.opposite()] {
			runs = conditions(s, registered)
		}
		changes := map[string]chance{"never": no, "always": yes, "unknown": may}[s.Changes]
		if s.Changes == "args" && !known[[2]string{s.Host, s.Digest}] {
			changes = yes
		}
		if k := (place{s.Host, s.File}); s.File != "" {
			a, b := before[k], after[k]
			changes = no
			if b.Dest == "" {
				changes = may // written under another name, or not rendered
			} else if a.Content != b.Content || a.Mode != b.Mode {
				changes = yes
			}
		}
		c := min(runs, changes)
		if id := [2]string{s.Host, s.Register}; s.Register != "" {
			registered[id] = max(registered[id], c)
		}
		note(s.On, s.Restarts, c, s.Task)
		for _, h := range s.Handlers {
			handled := c
			if h.Assumed {
				handled = min(c, may)
			}
			note(s.Host, h.Restarts, handled, s.Task)
		}
	}
	for k, f := range after {
		if pod := staticPod(f); pod != "" && (before[k].Content != f.Content) {
			note(k.host, []string{"pod " + pod}, yes, f.Task)
		}
	}
	return foldRestarts(new, happens, why)
}

// opposite names what a task has in common with the one that runs on the opposite condition.
func (s Step) opposite() string {
	return s.Host + "\x00" + strings.Join(s.Restarts, " ") + "\x00" + strings.ReplaceAll(strings.Join(s.When, " and "), "!=", "==")
}

// eitherRuns finds tasks of which one runs whatever the node says: they restart the same, one where two values are equal, the
// other where they are not.
func eitherRuns(steps []Step) map[string]bool {
	first, either := map[string]string{}, map[string]bool{}
	for _, s := range steps {
		if !s.Assumed || len(s.Restarts) == 0 || len(s.When) != 1 {
			continue
		}
		id := s.opposite()
		if before, known := first[id]; known && before != s.When[0] {
			either[id] = true
		}
		first[id] = s.When[0]
	}
	return either
}

// conditions says whether a task runs whose conditions need the node: those that ask whether another task changed something are
// followed.
func conditions(s Step, registered map[[2]string]chance) chance {
	runs := yes
	for _, need := range s.Needs {
		register, changed := strings.CutSuffix(need, ".changed")
		c, known := registered[[2]string{s.Host, register}]
		if !changed || !known {
			c = may
		}
		runs = min(runs, c)
	}
	if len(s.Needs) == 0 {
		return may
	}
	return runs
}

// staticPod is the name of the pod that a file in the folder of the kubelet's manifests describes, "" for another file.
func staticPod(f File) string {
	if path.Base(path.Dir(f.Dest)) != "manifests" || f.Assumed {
		return ""
	}
	for key := range settingsOf(f.Dest, f.Content) {
		if kind, rest, ok := strings.Cut(key, " "); ok && kind == "Pod" {
			name, _, _ := strings.Cut(rest, ".")
			return name
		}
	}
	return ""
}

func foldRestarts(r *Rendering, happens map[[2]string]chance, why map[[2]string][]string) []Restart {
	folded := map[string]*Restart{}
	for _, id := range slices.SortedFunc(maps.Keys(happens), func(a, b [2]string) int {
		return slices.Compare([]string{a[1], a[0]}, []string{b[1], b[0]})
	}) {
		c := happens[id]
		if c == no || !slices.Contains(r.Hosts, id[0]) {
			continue
		}
		key := id[1] + "\x00" + strings.Repeat("?", int(c))
		if folded[key] == nil {
			folded[key] = &Restart{What: id[1], May: c == may}
		}
		f := folded[key]
		f.Nodes = append(f.Nodes, id[0])
		for _, task := range why[id] {
			if !slices.Contains(f.Why, task) {
				f.Why = append(f.Why, task)
			}
		}
	}
	list := []Restart{}
	for _, key := range slices.Sorted(maps.Keys(folded)) {
		list = append(list, *folded[key])
	}
	slices.SortStableFunc(list, func(a, b Restart) int {
		switch {
		case a.May == b.May:
			return strings.Compare(b.What, a.What) // units first
		case a.May:
			return 1
		}
		return -1
	})
	return list
}
