package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/transcript"
)

// speedMax plays as fast as the screen follows.
var speedMax = math.Inf(1)

// speeds are what + and - go through.
var speeds = []float64{0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, speedMax}

// ParseSpeed reads a speed as it is given on the command line: a number such as 4 or 0.5, also with an x, or max.
func ParseSpeed(s string) (float64, error) {
	if s == "max" {
		return speedMax, nil
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

// player is a position in a recording and the pace at which it moves. Time comes from outside: Advance is given how much
// of it has passed.
type player struct {
	rec      *transcript.Recording
	state    *event.State
	at       transcript.Place
	now      time.Time                   // the time of day at this place
	clock    time.Duration               // on the time line: where it plays, between two events
	printed  map[int]*event.CommandState // those whose output is in state
	speed    float64
	playing  bool
	skipIdle bool
	live     bool // it stays at the end, whatever comes
}

func newPlayer(rec *transcript.Recording, speed float64) *player {
	p := &player{rec: rec, speed: speed, skipIdle: true, playing: true}
	if p.speed == 0 {
		p.speed = 1
	}
	p.restart(rec.At(0))
	return p
}

// restart folds the state again.
func (p *player) restart(at transcript.Place) {
	p.state, p.at, p.printed = p.rec.State(at), at, map[int]*event.CommandState{}
	p.now, p.clock = p.rec.Time(at), p.line(at)
}

// line is where a place lies on the time line.
func (p *player) line(at transcript.Place) time.Duration {
	if p.skipIdle {
		return at.Played
	}
	return at.Elapsed
}

// placeOn is the place at a time on the time line.
func (p *player) placeOn(d time.Duration) transcript.Place {
	if p.skipIdle {
		return p.rec.AtPlayed(d)
	}
	return p.rec.AtElapsed(d)
}

// length is how long the time line is.
func (p *player) length() time.Duration { return p.line(p.rec.End()) }

// Advance lets time pass. It stops at the end.
func (p *player) Advance(d time.Duration) {
	if !p.playing {
		return
	}
	if math.IsInf(p.speed, 1) {
		p.forward(p.rec.At(p.at.Pos + max(50, p.rec.Len()/30)))
		p.clock = p.line(p.at)
	} else {
		p.clock += time.Duration(float64(d) * p.speed)
		if to := p.placeOn(p.clock); to.Pos > p.at.Pos {
			p.forward(to)
		}
	}
	if p.AtEnd() {
		p.playing, p.clock = false, p.line(p.at)
	}
}

// AtEnd reports whether nothing is left to play.
func (p *player) AtEnd() bool { return p.at.Pos >= p.rec.Len() }

// Seek goes to a position.
func (p *player) Seek(pos int) { p.SeekTo(p.rec.At(pos)) }

// SeekTo goes to a place.
func (p *player) SeekTo(to transcript.Place) {
	if to.Pos < p.at.Pos {
		p.restart(to)
	} else {
		p.forward(to)
	}
	p.clock = p.line(p.at)
	if p.AtEnd() {
		p.playing = false
	}
}

func (p *player) forward(to transcript.Place) {
	if !p.rec.Forward(p.state, p.at, to, func(n int) bool { return p.printed[n] != nil }) {
		clear(p.printed)
	}
	p.at, p.now = to, p.state.Last
	if to.Pos == 0 {
		p.now = p.rec.Time(to)
	}
}

// Print returns the state the output of some commands and drops that of the others.
func (p *player) Print(commands []*event.CommandState) error {
	var missing []*event.CommandState
	shown := map[int]*event.CommandState{}
	for _, c := range commands {
		shown[c.Number] = c
		if p.printed[c.Number] == nil {
			missing = append(missing, c)
		}
	}
	for n, c := range p.printed {
		if shown[n] == nil {
			c.Output = event.Tail{}
		}
	}
	p.printed = shown
	if len(missing) == 0 {
		return nil
	}
	return p.rec.Print(p.at, missing)
}

// Toggle plays or pauses; at the end it plays from the start.
func (p *player) Toggle() {
	if p.AtEnd() && !p.playing && !p.live {
		p.Seek(0)
	}
	p.playing = !p.playing && !p.live
	p.live = false
}

// SkipIdle turns the skipping of pauses on or off.
func (p *player) SkipIdle(skip bool) {
	p.skipIdle = skip
	p.clock = p.line(p.at)
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

// Now is the time of day, as it was then.
func (p *player) Now() time.Time { return p.now.Add(p.clock - p.line(p.at)) }

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
