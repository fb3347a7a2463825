package event

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Digest is the hash of all that a question shows: its words, the exact commands, the hosts and the choices. masked is
// applied to every text first, so that no hash of a secret is written; nil leaves the texts alone.
func (q Question) Digest(masked func(string) string) string {
	if masked == nil {
		masked = func(s string) string { return s }
	}
	h := sha256.New()
	add := func(parts ...string) {
		for _, s := range parts {
			s = masked(s)
			fmt.Fprintf(h, "%d:%s", len(s), s)
		}
		fmt.Fprint(h, ";")
	}
	add(q.ID, q.Form, string(q.Danger), q.Type, q.Safe, q.Default)
	add(q.Title.En, q.Title.Ja, q.Body.En, q.Body.Ja)
	add(q.Details...)
	add(q.Hosts...)
	for _, c := range q.Choices {
		add(c.ID, c.Label.En, c.Label.Ja)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Red reports whether the question may only be answered by its exact id, never by a pattern: it lets something run that
// disrupts or destroys, requires a typed word, or follows a step whose outcome is unknown.
func (q Question) Red() bool {
	return q.Exact || q.Type != "" || q.Danger == Disrupts || q.Danger == Destroys
}

// MayChange reports whether an answer may let something run that changes something.
func (q Question) MayChange() bool {
	return q.Red() || q.Form == AskApprove || q.Form == AskFailed || q.Form == AskGate
}

// Changed says what is not as it was when an earlier question of the same id was answered; empty where it is the same.
func (q Question) Changed(was Question, masked func(string) string) Text {
	same := func(a, b []string) bool {
		return slices.EqualFunc(a, b, func(a, b string) bool { return masked(a) == masked(b) })
	}
	switch {
	case !same(q.Hosts, was.Hosts):
		return Text{En: "the hosts have changed since it was answered", Ja: "回答した時からホストが変わっています"}
	case !same(q.Details, was.Details) && q.Form == AskApprove:
		return Text{En: "the command has changed since it was approved", Ja: "承認した時からコマンドが変わっています"}
	case q.Digest(masked) != was.Digest(masked):
		return Text{En: "the question has changed since it was answered", Ja: "回答した時から質問が変わっています"}
	}
	return Text{}
}
