package runbook

import (
	"slices"

	"spraydeck/event"
)

// Finding is what is known about one pitfall before anything is touched.
type Finding struct {
	Pitfall  string         `json:"pitfall"`
	Title    event.Text     `json:"title"`
	Severity string         `json:"severity"`
	Required event.Required `json:"required"`
	Verdict  event.Verdict  `json:"verdict"` // fail is a finding; unknown says why in the evidence
	Says     event.Text     `json:"says,omitzero"`
	Evidence []string       `json:"evidence,omitempty"`
	Cause    string         `json:"cause,omitempty"` // why it is unknown, in the same words for every check with that cause
	Why      event.Text     `json:"why,omitzero"`
	Remedies []event.Remedy `json:"remedies,omitempty"`
	Sources  []string       `json:"sources,omitempty"`
}

// Rank puts findings first, the gravest on top, then unknown, then passed.
func (f Finding) Rank() int {
	switch f.Verdict {
	case event.Unknown:
		return 10
	case event.Pass:
		return 20
	}
	if f.Required == event.Advisory {
		return 5
	}
	return slices.Index([]string{"data", "outage", "blocks", "nuisance"}, f.Severity)
}
