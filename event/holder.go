package event

import "time"

// Holder is the run that changes a cluster, as its claim names it. One run at a time holds a claim.
type Holder struct {
	Name    string    `json:"holder"` // user@host
	Run     string    `json:"run"`
	Runbook string    `json:"runbook,omitempty"`
	Step    string    `json:"step,omitempty"`
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"seen"`              // its last sign of life
	Expired bool      `json:"expired,omitempty"` // it gave none for longer than a claim lasts
}

// Told says who works on the cluster, with which run and on which step.
func (h Holder) Told(now time.Time) Text {
	what := h.Runbook
	if what == "" {
		what = "-"
	}
	step := Text{}
	if h.Step != "" {
		step = Textf(", step %s", "、手順 %s", h.Step)
	}
	return Textf("%s since %s (%s): %s", "%s が %s から作業中 (%s): %s", h.Name, h.Since.Local().Format("2006-01-02 15:04"), Duration(now.Sub(h.Since)), what).
		Plus(step).Plus(Textf("; run %s, last sign of life %s ago", "。実行 %s、最後の応答は %s 前", h.Run, Duration(now.Sub(h.Seen))))
}
