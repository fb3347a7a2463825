// Package memo makes the draft of a runbook out of a Markdown memo: its headings become phases, its commands steps, its lists notes.
//
// What the memo does not say is guessed and marked with a comment, for a person to confirm: the host of a command, and what it can do.
package memo

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Draft is a runbook made of a memo.
type Draft struct {
	YAML    []byte
	Steps   int // all of them
	Notes   int // of these, those that only say something
	Guesses int // comments that begin with "confirm:"
}

// Import makes a draft named name of a memo. It fails only where the memo holds nothing that a step could be made of.
func Import(name string, text []byte) (Draft, error) {
	m := &reader{name: name, ids: map[string]bool{}, vars: map[string]string{}}
	for _, b := range blocks(clean(text)) {
		m.take(b)
	}
	m.closePhase()
	if len(m.phases) == 0 {
		return Draft{}, fmt.Errorf("the memo has no commands, lists or text under its headings")
	}
	m.chooseSystem(string(text))
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(m.document()); err != nil {
		return Draft{}, fmt.Errorf("write the draft: %w", err)
	}
	return Draft{out.Bytes(), m.steps, m.notes, m.guesses}, nil
}

// reader walks through a memo.
type reader struct {
	name, title, system string
	ids                 map[string]bool
	phases              []*phase
	phase               *phase
	headings            []string // above the place where it is, by level from 1
	pending             []string // prose since the last command
	vars                map[string]string
	needs               []input // inputs that steps use
	nodes               bool    // some step runs on a node
	inventory           string  // as a command names it with -i

	steps, notes, guesses int
}

type phase struct {
	title string
	steps []*yaml.Node
}

// take reads the next block.
func (m *reader) take(b block) {
	switch b.kind {
	case heading:
		m.flush()
		m.under(b.level, b.text)
	case prose:
		m.pending = append(m.pending, b.text)
	case code:
		if commands := parseShell(b.lang, b.text); commands != nil {
			m.addCommands(commands)
		} else {
			m.pending = append(m.pending, "```"+b.lang+"\n"+strings.TrimRight(b.text, "\n")+"\n```")
		}
	}
}

// under notes a heading. The first one of level 1 is the title; the next level down makes phases, and those below it are titles of steps.
func (m *reader) under(level int, text string) {
	if level == 1 && m.title == "" && len(m.phases) == 0 && m.phase == nil {
		m.title = text
		m.headings = []string{text}
		return
	}
	for len(m.headings) < level {
		m.headings = append(m.headings, "")
	}
	m.headings = append(m.headings[:level-1], text)
	if level <= 2 || m.phase == nil {
		m.closePhase()
		m.phase = &phase{title: text}
	}
}

func (m *reader) closePhase() {
	m.flush()
	if m.phase != nil && len(m.phase.steps) > 0 {
		m.phases = append(m.phases, m.phase)
	}
	m.phase = nil
}

// section is the heading nearest above, below the one of the phase.
func (m *reader) section() string {
	if n := len(m.headings); n > 0 && (m.phase == nil || m.headings[n-1] != m.phase.title) && m.headings[n-1] != m.title {
		return m.headings[n-1]
	}
	return ""
}

// prose takes the text since the last command. Items of a list stand under each other.
func (m *reader) prose() string {
	var b strings.Builder
	for i, p := range m.pending {
		if i > 0 {
			b.WriteString("\n")
			if !listMark.MatchString(p) || !listMark.MatchString(m.pending[i-1]) {
				b.WriteString("\n")
			}
		}
		b.WriteString(p)
	}
	m.pending = nil
	return strings.TrimSpace(b.String())
}

func (m *reader) phaseTitle() string {
	switch {
	case m.phase != nil:
		return m.phase.title
	case m.title != "":
		return m.title
	}
	return m.name
}

func (m *reader) add(step *yaml.Node) {
	if m.phase == nil {
		m.phase = &phase{title: m.phaseTitle()}
	}
	m.steps++
	m.phase.steps = append(m.phase.steps, step)
}

// flush makes a note of prose that no command followed.
func (m *reader) flush() {
	text := m.prose()
	if text == "" {
		return
	}
	title := m.section()
	if title == "" && !box.MatchString(text) {
		title = sentence(text)
	}
	if title == "" {
		title = m.phaseTitle()
	}
	m.notes++
	m.add(mapping("id", m.id(title), "title", escape(short(title)), "note", escape(text)))
}

var notID = regexp.MustCompile(`[^a-z0-9]+`)

// id makes an id of a title, which no other step has.
func (m *reader) id(title string) string {
	id := strings.Trim(notID.ReplaceAllString(strings.ToLower(title), "-"), "-")
	if len(id) > 40 {
		id = id[:41]
		id = id[:max(strings.LastIndexByte(id, '-'), 20)]
	}
	if id == "" || !unicode.IsLetter(rune(id[0])) {
		id = strings.Trim("step-"+id, "-")
	}
	unique := id
	for n := 2; m.ids[unique]; n++ {
		unique = fmt.Sprintf("%s-%d", id, n)
	}
	m.ids[unique] = true
	return unique
}

var (
	marks       = regexp.MustCompile("`+([^`]+)`+|\\*{1,3}([^*\\s][^*]*)\\*{1,3}|\\b_([^_]+)_\\b")
	link        = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	fence       = regexp.MustCompile("(?ms)^```.*?^```$")
	listMark    = regexp.MustCompile(`^(?:\s*(?:[-*+]|\d+[.)])\s+)(?:\[[ xX]\]\s+)?`)
	sentenceEnd = regexp.MustCompile(`[.:。：!?]+(\s|$)|[。：]`)
)

// plain is prose without the marks of Markdown.
func plain(s string) string {
	s = listMark.ReplaceAllString(s, "")
	s = link.ReplaceAllString(s, "$1")
	return strings.Join(strings.Fields(marks.ReplaceAllString(s, "$1$2$3")), " ")
}

// sentence is the first sentence of the last paragraph or list item: what a step is announced by.
func sentence(text string) string {
	text = strings.TrimSpace(fence.ReplaceAllString(text, ""))
	lines := strings.Split(text, "\n")
	last := lines[len(lines)-1]
	for i := len(lines) - 1; i >= 0; i-- {
		last = lines[i]
		if i == 0 || listMark.MatchString(last) || strings.TrimSpace(lines[i-1]) == "" {
			last = strings.Join(lines[i:], " ")
			break
		}
	}
	last = plain(last)
	if at := sentenceEnd.FindStringIndex(last); at != nil && at[0] > 0 {
		last = last[:at[0]]
	}
	return strings.TrimSpace(last)
}

// short cuts a title at a word.
func short(s string) string {
	const most = 80
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= most {
		return string(r)
	}
	cut := string(r[:most])
	if i := strings.LastIndexByte(cut, ' '); i > most/2 {
		cut = cut[:i]
	}
	return cut + "..."
}

// escape keeps the memo's own ${...} from being an expression.
func escape(s string) string { return strings.ReplaceAll(s, "${", "$${") }
