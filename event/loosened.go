package event

import (
	"slices"
	"strings"
)

// Loosened says that a step is about to loosen something for the time of the work, such as a budget or a hold, and how that
// is put back as it was. It is due until Restored names it.
type Loosened struct {
	ID        string        `json:"id"` // of the step, or of the remedy's step
	Title     Text          `json:"title"`
	Undo      Text          `json:"undo,omitzero"`
	Restore   []Restoration `json:"restore,omitempty"`   // the commands that put it back; none where only a person can
	Temporary bool          `json:"temporary,omitempty"` // the runbook says so; else a later step is expected to put it back
}

// Restored says that something loosened is as it was before, or that the operator decided that it stays.
type Restored struct {
	ID string `json:"id"`
}

// Restoration is a command that puts something back, as it was recorded when the state before was known.
type Restoration struct {
	Host      string `json:"host"`
	Line      string `json:"line"`
	Verb      string `json:"verb,omitempty"` // the rest is of an API call
	Resource  string `json:"resource,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	PatchType string `json:"patchType,omitempty"`
	Body      string `json:"body,omitempty"`
}

func (Loosened) Kind() string { return "loosened" }
func (Restored) Kind() string { return "restored" }

// NewRestoration keeps a command for later.
func NewRestoration(c Command) Restoration {
	r := Restoration{Host: c.Host, Line: c.Line}
	if k := c.Call; k != nil {
		r.Verb, r.Resource, r.Namespace, r.Name, r.PatchType, r.Body = string(k.Verb), k.Resource, k.Namespace, k.Name, k.PatchType, string(k.Body)
	}
	return r
}

// Command is the command again.
func (r Restoration) Command() Command {
	c := Command{Host: r.Host, Line: r.Line, Changes: true}
	if r.Verb != "" {
		c.Call = &Call{Verb: Verb(r.Verb), Resource: r.Resource, Namespace: r.Namespace, Name: r.Name, PatchType: r.PatchType, Body: []byte(r.Body)}
	}
	return c
}

// Usable reports whether the record holds the command whole: one that was masked cannot be run.
func (l Loosened) Usable() bool {
	return len(l.Restore) > 0 && !slices.ContainsFunc(l.Restore, func(r Restoration) bool { return strings.Contains(r.Line+r.Body, Masked) })
}

// Due is what is loosened and not put back, in order.
type Due []Loosened

// See takes in an event of the run.
func (d *Due) See(data Data) {
	switch e := data.(type) {
	case Loosened:
		if !slices.ContainsFunc(*d, func(l Loosened) bool { return l.ID == e.ID }) {
			*d = append(*d, e) // the first knows the state before
		}
	case Restored:
		*d = slices.DeleteFunc(*d, func(l Loosened) bool { return l.ID == e.ID })
	}
}
