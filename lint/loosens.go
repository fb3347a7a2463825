package lint

import (
	"fmt"
	"regexp"
	"strings"

	"spraydeck/runbook"
)

// loosening is what command lines and objects say where they loosen something that protects the cluster.
var (
	loosening = regexp.MustCompile(`apt-mark unhold|versionlock delete|kubectl\b.*\b(cordon|drain|scale|rollout pause|patch (pdb|poddisruptionbudget|resourcequota|quota))|ceph osd set (no|pause)|set-overrides|etcdctl .*alarm disarm`)
	putsBack  = regexp.MustCompile(`apt-mark hold|versionlock add|kubectl\b.*\b(uncordon|rollout resume)|ceph osd unset`)
	protects  = regexp.MustCompile(`^(pdb|poddisruptionbudget|quota|resourcequota|limitrange|hpa|horizontalpodautoscaler)`)
)

// loosens: a cordon and a drain know of themselves how they are put back.
var loosens = Rule{
	Name:  "loosens",
	Doc:   "What is loosened for the time of the work is put back as it was.",
	check: check{step: checkLoosens},
}

func checkLoosens(p pass, s step) {
	if s.Action == nil || s.Temporary.Value {
		return
	}
	run, _ := runbook.Argument(s.Action, "run")
	line, at := run.Source, run.Pos
	patch, _ := runbook.Argument(s.Action, "patch")
	fixed := !strings.Contains(argument(s.Action, "with"), "${")
	found := loosening.FindString(line)
	if putsBack.MatchString(line) {
		found = "" // within one command
	}
	// a patch with a value read from somewhere puts that value back
	if protects.MatchString(patch.Source) && fixed {
		found, at = "patch "+patch.Source, patch.Pos
	}
	if found != "" {
		p.report(at, fmt.Sprintf("step %s loosens something (%s) and does not say that it is put back", s.ID.Value, found),
			"add temporary: true, undo:, and restore: the command that puts it back as it was")
	}
}
