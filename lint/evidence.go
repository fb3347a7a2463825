package lint

import (
	"fmt"

	"spraydeck/symptom"
)

// leastText is how many bytes of fixed text the line of a verdict must have.
const leastText = 12

// symptomEvidence holds a verdict to text that only its cause prints. What a task prints whatever made it fail is evidence
// only where the task is itself the check of this one cause, which is named by task.
var symptomEvidence = Rule{
	Name:  "symptom-evidence",
	Doc:   "A verdict needs text that only its cause prints; what any failed task prints is a hint.",
	check: check{symptom: checkEvidence},
}

func checkEvidence(p pass, s symptomIn) {
	if s.Line.RE == nil {
		return
	}
	if affects := s.pitfall.Affects; s.Versions.Value && affects.To.Source == "" && affects.Kubernetes.Source == "" {
		p.report(s.ID.Pos, fmt.Sprintf("symptom %s asks for versions, and the pitfall names none", s.ID.Value), "say affects, or leave versions out")
	}
	if s.Hint.Value || s.Quiet.Value || len(s.Siblings) > 0 || s.Stream.Value == "commands" {
		return
	}
	head, text := symptom.HeadOnly(s.Line.RE), symptom.FixedText(s.Line.RE)
	switch {
	case head && s.Task.RE == nil:
		p.report(s.ID.Pos, fmt.Sprintf("symptom %s takes any failed task as proof", s.ID.Value), "ask for its message, name the task that checks this one cause, or say hint: true")
	case !head && text < leastText:
		p.report(s.ID.Pos, fmt.Sprintf("symptom %s has only %d bytes of text that is always there", s.ID.Value, text), fmt.Sprintf("a verdict needs %d; say hint: true where there is no more", leastText))
	}
}
