package report

import (
	"cmp"
	"slices"
	"strings"
)

// lane is one node over the run.
type lane struct {
	name  string
	role  string
	spans []nodeSpan
}

// nodeSpan is a stretch in which a node looked the same.
type nodeSpan struct {
	span
	ready    string // True, False or Unknown
	cordoned bool
	version  string
	deleted  bool
}

func (s nodeSpan) notReady() bool { return s.ready != "True" && !s.deleted }

// lanes returns every node over the run, control planes first.
func (r *run) lanes() []lane {
	var list []lane
	byName := map[string]int{}
	for _, c := range r.nodes {
		i, known := byName[c.Name]
		if !known {
			i = len(list)
			byName[c.Name] = i
			list = append(list, lane{name: c.Name})
		}
		if len(c.Roles) > 0 {
			list[i].role = strings.Join(c.Roles, ", ")
		}
		next := nodeSpan{span{c.At, r.last.At}, c.Ready, c.Unschedulable, c.Version, c.Deleted}
		spans := list[i].spans
		if n := len(spans); n > 0 {
			last := &spans[n-1]
			if last.ready == next.ready && last.cordoned == next.cordoned && last.version == next.version && last.deleted == next.deleted {
				continue
			}
			last.to = c.At
		}
		list[i].spans = append(spans, next)
	}
	slices.SortStableFunc(list, func(a, b lane) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.name, b.name))
	})
	return list
}

func rank(l lane) int {
	if strings.Contains(l.role, "control-plane") || strings.Contains(l.role, "master") {
		return 0
	}
	return 1
}

// before and after are the node's first and last version.
func (l lane) before() string { return l.spans[0].version }
func (l lane) after() string  { return l.spans[len(l.spans)-1].version }

// gone says that the node is no longer there.
func (l lane) gone() bool { return l.spans[len(l.spans)-1].deleted }

// total adds up the stretches that want says.
func (l lane) total(want func(nodeSpan) bool) Seconds {
	var sum Seconds
	for _, s := range l.spans {
		if want(s) {
			sum += s.length()
		}
	}
	return sum
}

// outages are the stretches without the API server.
func (r *run) outages() []span {
	var list []span
	down := map[string]Seconds{}
	for _, c := range r.connections {
		from, was := down[c.To]
		switch {
		case !c.Up && !was:
			down[c.To] = c.At
		case c.Up && was:
			list = append(list, span{from, c.At})
			delete(down, c.To)
		}
	}
	for _, from := range down {
		list = append(list, span{from, r.last.At})
	}
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return list
}
