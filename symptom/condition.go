package symptom

import (
	"slices"
	"strings"
	"time"
)

// What conditions remember is bounded: so many values of By, and so many times for each.
const (
	maxKeys  = 1024
	maxTimes = 256
)

// memory is what is known of the matches of one pattern.
type memory struct {
	keys  map[string]*series // by the values of By
	times []moment           // of all, for the relations of others; the newest last
}

// series is the matches of one key.
type series struct {
	times []moment
}

// moment is when something was seen: its time if it has one, and in any case its place in the order.
type moment struct {
	at     time.Time
	came   time.Time // when a live line came: what counts where one of two lines tells no time of its own
	untold bool      // at is when it came
	groups map[string]string
	key    string // the value of Distinct
}

// waiting is a hit whose conditions look ahead.
type waiting struct {
	hit     Hit
	moment  moment
	arrived time.Time  // in a stream
	open    []Relation // needs that have not been met
	never   []Relation // that must not come
	of      string     // Name of the input it came from
}

// source is where a line came from: the name of its input, and which stream of it.
type source struct{ name, pipe string }

// crossing is how much later a line of one stream may be read than a line that was printed after it on the other.
const crossing = time.Second

func valuesOf(groups map[string]string, names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(groups[n])
		b.WriteByte(0)
	}
	return b.String()
}

// since returns how far two moments lie apart, and whether both have a time.
func since(earlier, later moment) (time.Duration, bool) {
	if (earlier.untold || later.untold) && !earlier.came.IsZero() && !later.came.IsZero() {
		return later.came.Sub(earlier.came), true
	}
	if earlier.at.IsZero() || later.at.IsZero() {
		return 0, false
	}
	return between(earlier.at, later.at), true
}

// add remembers a match and reports whether it and those before it fulfil Count, Distinct, By, Within and Lasts. Told is
// false where a time was needed and none was there.
func (m *memory) add(p *compiled, now moment) (ok, told bool) {
	m.times = append(m.times, now)
	if len(m.times) > maxTimes {
		m.times = append(m.times[:0], m.times[maxTimes/2:]...)
	}
	c := &p.Condition
	if c.Count < 2 && c.Lasts == 0 {
		return true, true
	}
	now.key = now.groups[c.Distinct]
	key := valuesOf(now.groups, c.By)
	s := m.keys[key]
	if s == nil {
		if m.keys == nil || len(m.keys) >= maxKeys {
			m.keys = map[string]*series{}
		}
		s = &series{}
		m.keys[key] = s
	}
	return s.add(c, now)
}

func (s *series) add(c *Condition, now moment) (ok, told bool) {
	told = true
	// forget what lies too far back
	if c.Within > 0 {
		s.times = slices.DeleteFunc(s.times, func(t moment) bool {
			d, known := since(t, now)
			return known && d > c.Within
		})
	}
	if c.Distinct != "" {
		s.times = slices.DeleteFunc(s.times, func(t moment) bool { return t.key == now.key })
	}
	s.times = append(s.times, now)
	if len(s.times) > maxTimes {
		s.times = append(s.times[:1], s.times[len(s.times)-maxTimes/2:]...)
	}
	if len(s.times) < c.Count {
		return false, true
	}
	d, known := since(s.times[0], now)
	if c.Within > 0 && !known {
		told = false
	}
	if c.Lasts > 0 {
		if !known {
			told = false
		} else if d < c.Lasts {
			return false, true
		}
	}
	s.times = s.times[:0] // the next time it must be fulfilled again
	return true, told
}

// sawBefore reports whether a relation's pattern was seen before now, within its time.
func (m *memory) sawBefore(r Relation, now moment) (seen, told bool) {
	told = true
	by := valuesOf(now.groups, r.By)
	for _, t := range slices.Backward(m.times) {
		if valuesOf(t.groups, r.By) != by {
			continue
		}
		if r.Within == 0 {
			return true, true
		}
		d, known := since(t, now)
		switch {
		case !known:
			told = false
		case d <= r.Within:
			return true, true
		}
	}
	return false, told
}
