package kubespray

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Hunk is one customisation: a place where the operator's file differs from
// what the merge would be without the operator. Lines have no line ends.
type Hunk struct {
	ID       int      // from 1, in file order
	Conflict bool     // the sample changed the same place
	OldStart int      // line in the operator's file, from 1; where lines are gone, the line that follows
	NewStart int      // the same in the new sample
	Base     []string // what the old sample says here
	Mine     []string // what the operator made of it
	Theirs   []string // what the new sample says here
	Keys     []string // top-level variables touched, in order of appearance
}

// Merged is a three-way merge that waits for a decision on each hunk.
type Merged struct {
	Hunks []Hunk

	theirs []string // the new sample's lines, line ends kept
	spans  []span   // per hunk
	crlf   bool     // mine ends its lines in CR LF and the samples do not, so the merge does
}

// span is the place of one hunk in the new sample, and what may go there.
type span struct {
	from, to int // lines of theirs that the hunk replaces
	mine     []string
}

// Merge finds what the operator changed against the old sample (base) in mine,
// so that it can be carried into the new sample (theirs). git merge-file does
// the merging; what is done here is telling the hunks apart. Text that git
// takes for binary is an error. Where every line of mine ends in CR LF and none of theirs does, the ends are no change, and the
// result has the operator's.
func Merge(base, mine, theirs []byte) (*Merged, error) {
	crlf := onlyCRLF(mine) && !bytes.Contains(theirs, []byte("\r\n"))
	if crlf {
		mine = bytes.ReplaceAll(mine, []byte("\r\n"), []byte("\n"))
		base = bytes.ReplaceAll(base, []byte("\r\n"), []byte("\n"))
	}
	dir, err := os.MkdirTemp("", "spraydeck-merge-")
	if err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	defer os.RemoveAll(dir)
	w := workspace{dir: dir}
	w.write("base", base)
	w.write("mine", mine)
	w.write("theirs", theirs)
	mark := markerSize(base, mine, theirs)
	text := w.mergeFile(mark)
	if w.err != nil {
		return nil, w.err
	}
	pieces, err := splitConflicts(text, mark)
	if err != nil {
		return nil, err
	}
	restoreEnds(pieces, base, mine, theirs)
	m := &Merged{theirs: splitLines(theirs)}
	m.findHunks(&w, pieces, mark)
	m.findOrigins(&w, splitLines(mine))
	m.crlf = crlf
	return m, w.err
}

// Apply is the new sample with each hunk decided: "theirs" leaves the sample's
// lines, "mine" puts the operator's in their place, "both" keeps the sample's
// and adds the operator's behind them, so that of a key in both the operator's
// counts. Any other answer, and a nil take, is "mine": nothing of the
// operator's is lost by a slip. All "theirs" is the new sample byte for byte;
// all "mine" without conflicts is what git merge-file makes. "comments" is the
// sample's lines behind the comments that only the operator has.
func (m *Merged) Apply(take func(h Hunk) string) []byte {
	var out bytes.Buffer
	put := func(lines []string) {
		for _, line := range lines {
			out.WriteString(line)
		}
	}
	at := 0
	for i, s := range m.spans {
		put(m.theirs[at:s.from])
		at = s.to
		answer := "mine"
		if take != nil {
			answer = take(m.Hunks[i])
		}
		sample := m.theirs[s.from:s.to]
		switch answer {
		case "theirs":
			put(sample)
		case "comments":
			put(ownComments(s.mine, m.Hunks[i].Base, sample))
			put(sample)
		case "both":
			put(sample)
			if len(sample) > 0 && len(s.mine) > 0 && !strings.HasSuffix(sample[len(sample)-1], "\n") {
				out.WriteByte('\n')
			}
			put(s.mine)
		default:
			put(s.mine)
		}
	}
	put(m.theirs[at:])
	if m.crlf {
		return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte("\r\n"))
	}
	return out.Bytes()
}

// onlyCRLF says whether every line ends in CR LF.
func onlyCRLF(text []byte) bool {
	n := bytes.Count(text, []byte("\r\n"))
	return n > 0 && n == bytes.Count(text, []byte("\n"))
}

// ownComments are the comments of mine that neither sample has.
func ownComments(mine, base, theirs []string) []string {
	var own []string
	theirs = bare(theirs)
	for _, line := range mine {
		l := bare([]string{line})[0]
		if strings.HasPrefix(strings.TrimSpace(l), "#") && !slices.Contains(base, l) && !slices.Contains(theirs, l) {
			if !strings.HasSuffix(line, "\n") {
				line += "\n"
			}
			own = append(own, line)
		}
	}
	return own
}

// findHunks compares the new sample with the merge, in which each conflict
// stands as its sample side behind a marker line. Whatever differs is the
// operator's; a marker tells which of it is a conflict.
func (m *Merged) findHunks(w *workspace, pieces []piece, mark int) {
	marker := strings.Repeat("<", mark) + "\n" // no line starts like this
	var flat []string
	conflictAt := map[int]int{} // line in flat -> piece
	for i, p := range pieces {
		if p.conflict {
			conflictAt[len(flat)] = i
			flat = append(append(flat, marker), p.theirs...)
		} else {
			flat = append(flat, p.lines...)
		}
	}
	changes := joinConflicts(w.diff(m.theirs, flat), conflictAt, pieces)
	for _, c := range changes {
		h := Hunk{ID: len(m.Hunks) + 1, NewStart: c.oldFrom + 1}
		s := span{from: c.oldFrom, to: c.oldTo}
		h.Theirs = bare(m.theirs[s.from:s.to])
		var base []string
		for at := c.newFrom; at < c.newTo; {
			i, isConflict := conflictAt[at]
			if !isConflict {
				s.mine = append(s.mine, flat[at])
				at++
				continue
			}
			h.Conflict = true
			s.mine = append(s.mine, pieces[i].mine...)
			base = append(base, pieces[i].base...)
			at += 1 + len(pieces[i].theirs)
		}
		if h.Base = bare(base); !h.Conflict {
			h.Base = h.Theirs // only the operator changed this place
		}
		h.Mine = bare(s.mine)
		m.Hunks = append(m.Hunks, h)
		m.spans = append(m.spans, s)
	}
}

// joinConflicts widens every change that touches a conflict until the whole
// conflict is inside, and joins changes that then meet.
func joinConflicts(changes []change, conflictAt map[int]int, pieces []piece) []change {
	var joined []change
	for i := 0; i < len(changes); i++ {
		c := changes[i]
		for at := c.newFrom; at < c.newTo; at++ {
			p, isConflict := conflictAt[at]
			if !isConflict {
				continue
			}
			end := at + 1 + len(pieces[p].theirs)
			for c.newTo < end { // take in equal lines, or the next change
				if i+1 < len(changes) && changes[i+1].newFrom == c.newTo {
					i++
					c.oldTo, c.newTo = changes[i].oldTo, changes[i].newTo
					continue
				}
				c.oldTo, c.newTo = c.oldTo+1, c.newTo+1
			}
			if i+1 < len(changes) && changes[i+1].newFrom == c.newTo && changes[i+1].oldFrom == c.oldTo {
				i++
				c.oldTo, c.newTo = changes[i].oldTo, changes[i].newTo
			}
		}
		joined = append(joined, c)
	}
	return joined
}

// findOrigins finds where each hunk stands in the operator's file and which
// variables it touches.
func (m *Merged) findOrigins(w *workspace, mine []string) {
	merged := splitLines(m.Apply(nil))
	origin := lineMap(w.diff(merged, mine), len(merged), len(mine))
	at, shift := 0, 0 // shift: lines that hunks added so far
	for i, s := range m.spans {
		at = s.from + shift
		h := &m.Hunks[i]
		h.OldStart = origin[min(at, len(merged))] + 1
		h.Keys = hunkKeys(bare(m.theirs), s.from, s.to, bare(merged), at, at+len(s.mine))
		shift += len(s.mine) - (s.to - s.from)
	}
}

// workspace runs git on files of a temporary directory; the first error stays.
type workspace struct {
	dir string
	err error
}

func (w *workspace) write(name string, text []byte) {
	if w.err == nil {
		if err := os.WriteFile(filepath.Join(w.dir, name), text, 0o600); err != nil {
			w.err = fmt.Errorf("merge: %w", err)
		}
	}
}

// git runs without any configuration: an operator's core.autocrlf or diff
// settings must not change what is merged.
func (w *workspace) git(args ...string) ([]byte, error) {
	env := []string{"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull, "GIT_CEILING_DIRECTORIES=" + filepath.Dir(w.dir)}
	return gitWith(context.Background(), env, w.dir, nil, args...)
}

// mergeFile runs git merge-file; an exit status up to 127 counts conflicts.
func (w *workspace) mergeFile(mark int) []byte {
	if w.err != nil {
		return nil
	}
	out, err := w.git("merge-file", "-p", "--diff3",
		fmt.Sprintf("--marker-size=%d", mark), "-L", "mine", "-L", "base", "-L", "theirs", "mine", "base", "theirs")
	var failed *gitError
	if errors.As(err, &failed) && failed.code < 128 {
		err = nil
	}
	if err != nil {
		w.err = fmt.Errorf("merge: %w", err)
	}
	return out
}
