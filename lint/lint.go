package lint

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"spraydeck/runbook"
)

// Check looks at files together, after each was parsed: what names another file, what is used and never declared, what
// expressions mean, what symptoms match. Files that are lent only give their names to the others; their own mistakes are not
// looked for.
func Check(files []runbook.File, lent ...runbook.File) runbook.Problems {
	asked := map[any]bool{}
	for _, f := range files {
		asked[f.Runbook], asked[f.Pitfall], asked[f.Release] = true, true, true
	}
	for _, nothing := range []any{(*runbook.Runbook)(nil), (*runbook.Pitfall)(nil), (*runbook.ReleaseFile)(nil)} {
		delete(asked, nothing)
	}
	return checkSome(append(files[:len(files):len(files)], lent...), func(f runbook.File) bool { return asked[f.Runbook] || asked[f.Pitfall] || asked[f.Release] })
}

// CheckRunbook is Check for what a run of one runbook uses: itself, what it includes, and the pitfalls it can meet. The
// other files only lend their names.
func CheckRunbook(files []runbook.File, b *runbook.Runbook) runbook.Problems {
	used := sync.OnceValue(func() map[any]bool { return uses(b) }) // once the files know each other
	return checkSome(files, func(f runbook.File) bool { return used()[f.Runbook] || used()[f.Pitfall] })
}

// CheckSymptoms looks at nothing but the symptoms of pitfalls: all that NewSymptoms rests on, without the time and memory
// that expressions take.
func CheckSymptoms(files []runbook.File) runbook.Problems {
	c := newChecker(runbook.Link(files), append(symptomRules[:len(symptomRules):len(symptomRules)], duplicateName)...)
	visit(c, func(k *check) func(pass, []runbook.File) { return k.files }, files)
	for _, f := range files {
		if f.Pitfall != nil {
			c.symptoms(f.Pitfall)
		}
	}
	c.problems.Sort()
	return c.problems
}

// Advise gives what is no mistake and worth a look all the same.
func Advise(files []runbook.File) runbook.Problems {
	c := newChecker(nil, raw)
	for _, f := range files {
		visit(c, func(k *check) func(pass, runbook.File) { return k.written }, f)
	}
	c.problems.Sort()
	return slices.Compact(c.problems)
}

// uses gives the runbooks and pitfalls that a run can meet.
func uses(b *runbook.Runbook) map[any]bool {
	used := map[any]bool{b: true}
	b.EachStep(func(in *runbook.Runbook, s *runbook.Step) {
		used[in] = true
		for _, g := range s.Gates() {
			used[b.Pitfall(g.Pitfall.Value)] = true
		}
	})
	for _, id := range b.InForce() {
		used[b.Pitfall(id)] = true
	}
	delete(used, (*runbook.Pitfall)(nil)) // a gate without a pitfall
	return used
}

func checkSome(files []runbook.File, asked func(runbook.File) bool) runbook.Problems {
	c := newChecker(runbook.Link(files), slices.Concat(mistakes, symptomRules)...)
	files = slices.DeleteFunc(slices.Clone(files), func(f runbook.File) bool { return !asked(f) })
	looks := []func(*checker){func(c *checker) {
		visit(c, func(k *check) func(pass, []runbook.File) { return k.files }, files)
	}}
	for _, f := range files { // from here on each is looked at for itself
		looks = append(looks, func(c *checker) { c.file(f) })
	}
	found := make([]runbook.Problems, len(looks))
	var wg sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) { // few goroutines: the checker of expressions needs deep stacks, which are expensive to grow
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(looks)); i = next.Add(1) - 1 {
				one := *c
				looks[i](&one)
				found[i] = one.problems
			}
		})
	}
	wg.Wait()
	problems := slices.Concat(found...)
	problems.Sort()
	// what a runbook has from another is looked at with each that has it
	return slices.Compact(problems)
}

// checker looks at one file after another.
type checker struct {
	*runbook.Catalog
	rules     []Rule
	problems  runbook.Problems
	name      string                       // of the file at hand
	secrets   runbook.Named[runbook.Input] // its inputs
	exprs     exprTypes
	ofPitfall bool            // the file at hand is a pitfall
	settings  func() []string // that releases of Kubespray know; nil: nobody says
}

func newChecker(linked *runbook.Catalog, rules ...Rule) *checker {
	return &checker{Catalog: linked, rules: rules, exprs: exprTypes{&sync.Map{}}}
}

func (c *checker) file(f runbook.File) {
	switch {
	case f.Runbook != nil:
		c.name, c.settings = f.Runbook.Source.File, f.Runbook.Language().SettingNames()
		c.runbook(f.Runbook)
	case f.Pitfall != nil:
		c.ofPitfall = true
		c.name, c.settings = f.Pitfall.Source.File, f.Pitfall.Language().SettingNames()
		c.pitfall(f.Pitfall)
	case f.Release != nil:
		visit(c, func(k *check) func(pass, *runbook.ReleaseFile) { return k.release }, f.Release)
	}
}
