package diagnose

import (
	"slices"
	"strings"
	"time"

	"spraydeck/ansible"
	"spraydeck/symptom"
)

// replay is what a failed result shows when it is read once more on one line. A pattern that is made for a line of one
// callback so finds it in those of the others, and in documents that have no such lines.
type replay struct {
	hit         symptom.Hit
	first, last int // lines of the result
}

// maxReplays is how many results are read once more: where thousands of hosts fail, they fail alike.
const maxReplays = 300

// event takes what Ansible says.
func (rd *reading) event(e ansible.Event) {
	rd.story.Add(e)
	r := e.Result
	if r == nil || !r.Status.Bad() || len(rd.replayed) >= maxReplays {
		return
	}
	stream := rd.k.symptoms.Set.Stream()
	if r.Task != "" {
		stream.Feed(symptom.Input{}, "TASK ["+r.Task+"]", time.Time{})
	}
	for _, h := range stream.Feed(symptom.Input{}, r.Line(), time.Time{}) {
		if strings.Contains(h.ID, ":") { // told aside
			continue
		}
		if _, own := rd.k.symptoms.Of(h.ID); len(own.Needs)+len(own.Unless) > 0 {
			continue // only the text itself tells what came before and after
		}
		h.Line, h.Play = r.First, r.Play
		rd.replayed = append(rd.replayed, replay{h, r.First, r.Last})
	}
}

// merge adds the hits of results read once more that the text itself did not show.
func (rd *reading) merge() {
	for _, again := range rd.replayed {
		shown := func(h symptom.Hit) bool {
			return h.Line >= again.first && h.Line <= again.last && (h.ID == again.hit.ID || slices.Contains(h.Also, again.hit.ID))
		}
		again.hit.File = rd.file
		i := slices.IndexFunc(rd.hits, shown)
		switch {
		case i < 0:
			rd.hits = append(rd.hits, again.hit)
		case rd.hits[i].ID == again.hit.ID && len(again.hit.Groups) > len(rd.hits[i].Groups): // a terminal has cut the line
			rd.hits[i].Groups, rd.hits[i].Text = again.hit.Groups, again.hit.Text
		}
	}
}

// telling drops what only says that a task failed where something else in the same result says why.
func (rd *reading) telling(list []Finding) []Finding {
	head := func(f Finding) bool {
		if f.Check != nil {
			return false
		}
		_, own := rd.k.symptoms.Of(f.Hits.ID)
		return symptom.HeadOnly(own.Line.RE)
	}
	return slices.DeleteFunc(slices.Clone(list), func(f Finding) bool {
		r := rd.story.At(f.At)
		return r != nil && head(f) && slices.ContainsFunc(list, func(other Finding) bool {
			return other.At >= r.First && other.At <= r.Last && !head(other) && (f.Hint || !other.Hint)
		})
	})
}
