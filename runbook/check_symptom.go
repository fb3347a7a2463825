package runbook

import "fmt"

// checkSymptoms runs the samples of each symptom.
func (c *checker) checkSymptoms(p *Pitfall) {
	for _, s := range p.Symptoms {
		if s.Line.RE == nil {
			continue
		}
		if s.Line.RE.MatchString("") {
			c.add(s.Line.Pos, "symptom-empty", "the symptom matches the empty line, and so every output", "")
		}
		for _, m := range s.Match {
			if !s.Line.RE.MatchString(m.Value) {
				c.add(m.Pos, "symptom-sample", fmt.Sprintf("symptom %s does not match its sample", s.ID.Value), "")
			}
		}
		for _, m := range s.Miss {
			if s.Line.RE.MatchString(m.Value) {
				c.add(m.Pos, "symptom-sample", fmt.Sprintf("symptom %s matches a line it must not match", s.ID.Value), "")
			}
		}
	}
}
