package plain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"spraydeck/event"
	"spraydeck/regular"
)

// Answers are decisions made beforehand, for a run without a terminal. The file is a YAML map from the id of a
// question, in which * stands for any characters, to the answer:
//
//	read.release-notes: continue          # short form: the choice, or the value that an input asks for
//	gate.api-server:                      # a list is used in order: the first time, the second time
//	  - remedy:point-at-localhost
//	  - continue
//	drain[node3]/approve:
//	  choice: continue
//	  text: node3                         # the word that must be typed, or the value
//	  reason: approved in CHG-1234        # where the choice wants one
//
// A pattern never answers a step that disrupts or destroys, nor one that may already have run: only its exact id does.
// An exact id is stronger than a pattern, and a longer pattern than a shorter one. An answer that leads back to the
// same question (retry, edit, a remedy) is good for one time only, any other single answer for every time.
type Answers struct {
	path    string
	entries []*answerEntry

	mu   sync.Mutex
	used map[string]int // how many answers of its list a question has taken
}

type answerEntry struct {
	key     string
	line    int
	list    bool
	answers []givenAnswer
	met     bool // a question has matched
}

type givenAnswer struct {
	line                 int
	short                bool // choice holds a choice or a value
	choice, text, reason string
}

// LoadAnswers reads an answers file. The error names every problem with file:line.
func LoadAnswers(path string) (*Answers, error) {
	b, err := regular.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%s:%w", path, yamlError{err})
	}
	a := &Answers{path: path, used: map[string]int{}}
	if len(doc.Content) == 0 {
		return a, nil
	}
	if problems := a.parse(doc.Content[0]); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return a, nil
}

// yamlError gives a syntax error the shape line: message.
type yamlError struct{ err error }

func (e yamlError) Error() string {
	return strings.TrimPrefix(strings.TrimPrefix(e.err.Error(), "yaml: "), "line ")
}

func (a *Answers) parse(root *yaml.Node) (problems []error) {
	bad := func(n *yaml.Node, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s:%d: %s", a.path, n.Line, fmt.Sprintf(format, args...)))
	}
	if root.Kind != yaml.MappingNode {
		bad(root, "want a map from question id to answer")
		return problems
	}
	seen := map[string]int{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], resolved(root.Content[i+1])
		if first, twice := seen[key.Value]; twice {
			bad(key, "question %q is answered twice, first in line %d", key.Value, first)
			continue
		}
		seen[key.Value] = key.Line
		e := &answerEntry{key: key.Value, line: key.Line}
		items := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			e.list, items = true, value.Content
			if len(items) == 0 {
				bad(value, "the list of answers to %q is empty", key.Value)
			}
		}
		for _, item := range items {
			e.answers = append(e.answers, parseAnswer(resolved(item), bad))
		}
		a.entries = append(a.entries, e)
	}
	return problems
}

func parseAnswer(n *yaml.Node, bad func(*yaml.Node, string, ...any)) givenAnswer {
	g := givenAnswer{line: n.Line}
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		g.choice, g.short = n.Value, true
		return g
	case n.Kind != yaml.MappingNode:
		bad(n, "want a choice, a map with choice, text and reason, or a list of these")
		return g
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], resolved(n.Content[i+1])
		field := map[string]*string{"choice": &g.choice, "text": &g.text, "reason": &g.reason}[key.Value]
		switch {
		case field == nil:
			bad(key, "unknown key %q; want choice, text or reason", key.Value)
		case seen[key.Value]:
			bad(key, "%s stands twice", key.Value)
		case value.Kind != yaml.ScalarNode:
			bad(value, "%s must be a plain value", key.Value)
		default:
			*field = value.Value
		}
		seen[key.Value] = true
	}
	if g.choice == "" && g.text == "" && len(n.Content) > 0 && (seen["reason"] && len(seen) == 1) {
		bad(n, "a reason alone is no answer; say choice or text")
	}
	if len(n.Content) == 0 {
		bad(n, "the answer is empty")
	}
	return g
}

// resolved follows an alias.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// Unused returns the ids and patterns that no question has met so far, in the order of the file: often a misspelling.
func (a *Answers) Unused() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var keys []string
	for _, e := range a.entries {
		if !e.met {
			keys = append(keys, e.key)
		}
	}
	return keys
}

// Ask returns an Asker that answers from the file and hands everything else to next; nil is RefuseAll. An answer that does
// not fit its question, such as an unknown choice or a missing reason, is an error that wraps event.ErrUnanswered.
func (a *Answers) Ask(next event.Asker) event.Asker {
	if next == nil {
		next = RefuseAll()
	}
	return func(ctx context.Context, q event.Question) (event.Answer, error) {
		if err := ctx.Err(); err != nil {
			return event.Answer{}, err
		}
		g, found, refused := a.take(q)
		if !found {
			answer, err := next(ctx, q)
			if refused != "" && errors.Is(err, event.ErrUnanswered) {
				err = &unanswered{q: q, why: refused}
			}
			return answer, err
		}
		answer, why := fitAnswer(q, g)
		if why != "" {
			return event.Answer{}, &unanswered{q: q, why: fmt.Sprintf("%s:%d: %s", a.path, g.line, why)}
		}
		return answer, nil
	}
}

// take returns the next answer to a question. refused says which pattern would have answered it, where none may.
func (a *Answers) take(q event.Question) (g givenAnswer, found bool, refused string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := q.ID
	var best *answerEntry
	for _, e := range a.entries {
		switch {
		case q.Red() && e.key != id && matches(e.key, id):
			e.met = true
			refused = fmt.Sprintf("%s:%d: the pattern %s does not answer it: a step that disrupts or destroys, or may already have run, is answered by its exact id only",
				a.path, e.line, strconv.Quote(e.key))
		case q.Red() && e.key != id:
		case e.key == id:
			best = e
		case best != nil && (best.key == id || len(best.key) >= len(e.key)):
		case matches(e.key, id):
			best = e
		}
	}
	if best == nil {
		return givenAnswer{}, false, refused
	}
	best.met = true
	n := a.used[id]
	a.used[id]++
	if n < len(best.answers) {
		return best.answers[n], true, ""
	}
	only := best.answers[0]
	if best.list || leadsBack(only.choice) {
		return givenAnswer{}, false, ""
	}
	return only, true, ""
}

// leadsBack reports whether the question may come again after this choice.
func leadsBack(choice string) bool {
	return choice == event.ChoiceRetry || choice == event.ChoiceEdit || choice == event.ChoiceRestore ||
		strings.HasPrefix(choice, event.RemedyPrefix)
}

// matches reports whether id fits a pattern in which * stands for any characters.
func matches(pattern, id string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == id
	}
	if !strings.HasPrefix(id, first) {
		return false
	}
	id = id[len(first):]
	for i := 0; i <= len(id); i++ {
		if matches(rest, id[i:]) {
			return true
		}
	}
	return false
}

// fitAnswer makes an answer to q of what was given, or says why it is none.
func fitAnswer(q event.Question, g givenAnswer) (event.Answer, string) {
	ids := choiceIDs(q)
	known := func(id string) bool { return slices.Contains(ids, id) }
	a := event.Answer{Choice: g.choice, Text: g.text, Reason: g.reason, By: "answers"}
	if q.Form == event.AskInput {
		if g.short && !known(g.choice) {
			a.Text, a.Choice = g.choice, ""
		}
		if a.Choice == "" {
			a.Choice = event.ChoiceContinue
			return a, ""
		}
	}
	if len(ids) == 0 {
		ids = []string{event.ChoiceContinue}
	}
	if !slices.Contains(ids, a.Choice) {
		return a, fmt.Sprintf("%s is no choice here", strconv.Quote(a.Choice))
	}
	if q.Type != "" && a.Choice == event.ChoiceContinue && a.Text != q.Type {
		return a, fmt.Sprintf("text must be %s to continue", strconv.Quote(q.Type))
	}
	for _, c := range q.Choices {
		if c.ID == a.Choice && c.NeedsReason && strings.TrimSpace(a.Reason) == "" {
			return a, fmt.Sprintf("%s needs a reason", a.Choice)
		}
	}
	return a, ""
}

func choiceIDs(q event.Question) []string {
	var ids []string
	for _, c := range q.Choices {
		ids = append(ids, c.ID)
	}
	return ids
}
