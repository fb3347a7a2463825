package ui

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"spraydeck/runbook"
)

// SpeedMax plays as fast as the screen follows.
var SpeedMax = math.Inf(1)

// speeds are what + and - go through.
var speeds = []float64{0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, SpeedMax}

// ParseSpeed reads a speed as it is given on the command line: a number such as 4 or 0.5, also with an x, or max.
func ParseSpeed(s string) (float64, error) {
	if s == "max" {
		return SpeedMax, nil
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("speed %q: want a number above 0, such as 4 or 0.5, or max", s)
	}
	return v, nil
}

func speedText(v float64) string {
	if math.IsInf(v, 1) {
		return "max"
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + "x"
}

// player is a position on a tape and the pace at which it moves. Time comes from outside: Advance is told how much of
// it has passed.
type player struct {
	tape     *tape
	state    *runbook.State
	pos      int             // events folded into state
	at       []time.Duration // when each event plays
	clock    time.Duration   // on the time line of at
	speed    float64
	playing  bool
	skipIdle bool
}

func newPlayer(t *tape, speed float64) *player {
	p := &player{tape: t, state: &runbook.State{}, speed: speed, skipIdle: true, playing: true}
	if p.speed == 0 {
		p.speed = 1
	}
	p.at = t.clock(true)
	return p
}

// Advance lets time pass. It stops at the end.
func (p *player) Advance(d time.Duration) {
	if !p.playing {
		return
	}
	if math.IsInf(p.speed, 1) {
		p.fold(min(len(p.at), p.pos+max(50, len(p.at)/30)))
		p.clock = p.played()
	} else {
		p.clock += time.Duration(float64(d) * p.speed)
		p.fold(sort.Search(len(p.at), func(i int) bool { return p.at[i] > p.clock }))
	}
	if p.AtEnd() {
		p.playing, p.clock = false, p.played()
	}
}

// AtEnd says whether nothing is left to play.
func (p *player) AtEnd() bool { return p.pos == len(p.at) }

// Seek goes to a position.
func (p *player) Seek(pos int) {
	pos = max(0, min(pos, len(p.at)))
	if pos < p.pos {
		p.state, p.pos = p.tape.base(pos)
	}
	p.fold(pos)
	p.clock = p.played()
	if p.AtEnd() {
		p.playing = false
	}
}

func (p *player) fold(to int) {
	for ; p.pos < to; p.pos++ {
		p.state.Apply(p.tape.events[p.pos].Event)
	}
}

// played is the time of the last event played.
func (p *player) played() time.Duration {
	if p.pos == 0 {
		return 0
	}
	return p.at[p.pos-1]
}

// Toggle plays or pauses; at the end it plays from the start.
func (p *player) Toggle() {
	if p.AtEnd() && !p.playing {
		p.Seek(0)
	}
	p.playing = !p.playing
}

// SkipIdle turns the skipping of pauses on or off.
func (p *player) SkipIdle(skip bool) {
	p.skipIdle = skip
	p.at = p.tape.clock(skip)
	p.clock = p.played()
}

// Faster and Slower go to the next speed there is.
func (p *player) Faster() {
	if i := slices.IndexFunc(speeds, func(s float64) bool { return s > p.speed }); i >= 0 {
		p.speed = speeds[i]
	}
}

// Slower is the opposite of Faster.
func (p *player) Slower() {
	for _, s := range slices.Backward(speeds) {
		if s < p.speed {
			p.speed = s
			return
		}
	}
}

// Elapsed is the real time since the start of the run, as it was then.
func (p *player) Elapsed() time.Duration {
	if p.pos == 0 {
		return 0
	}
	return p.tape.events[p.pos-1].elapsed
}

// Now is the time of day, as it was then.
func (p *player) Now() time.Time {
	if p.pos == 0 {
		return p.tape.events[0].Time
	}
	return p.tape.events[p.pos-1].Time.Add(p.clock - p.played())
}

// parseJump reads where to go: "1:32:07" or "4:10" since the start, "90" seconds, "15m", "50%", or "+30" and "-1:00"
// from here.
func parseJump(s string, now, total time.Duration) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		v, err := strconv.ParseFloat(percent, 64)
		if err != nil || v < 0 || v > 100 {
			return 0, fmt.Errorf("no percentage: %q", s)
		}
		return time.Duration(float64(total) * v / 100), nil
	}
	from, sign := time.Duration(0), time.Duration(1)
	switch {
	case strings.HasPrefix(s, "+"):
		from = now
	case strings.HasPrefix(s, "-"):
		from, sign = now, -1
	}
	s = strings.TrimLeft(s, "+-")
	if d, err := time.ParseDuration(s); err == nil {
		return from + sign*d, nil
	}
	var d time.Duration
	for part := range strings.SplitSeq(s, ":") {
		v, err := strconv.ParseUint(part, 10, 20)
		if err != nil {
			return 0, fmt.Errorf("no time: %q", s)
		}
		d = d*60 + time.Duration(v)*time.Second
	}
	return from + sign*d, nil
}
