package symptom

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// literal is fixed text that a match holds.
type literal struct {
	text string
	fold bool // in any case of ASCII letters
}

// required is what every match of an expression holds.
type required struct {
	any   []literal // at least one of these
	fixed int       // so many bytes of fixed text at least
}

const (
	minLiteral = 3  // shorter text is found in every other line
	maxLiteral = 32 // longer text tells no more
	maxAny     = 64 // an alternation of more is no filter
)

// requiredBy reads what an expression requires out of its syntax tree.
func requiredBy(expr string) required {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return required{}
	}
	return requires(re)
}

func requires(re *syntax.Regexp) required {
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		r := required{fixed: len(text)}
		if best := safest(text, re.Flags&syntax.FoldCase != 0); best.text != "" {
			r.any = []literal{best}
		}
		return r
	case syntax.OpCharClass:
		return required{fixed: 1}
	case syntax.OpCapture, syntax.OpPlus:
		return requires(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requires(re.Sub[0])
		}
	case syntax.OpConcat:
		var r required
		better := func(any []literal) {
			if worth(any) > worth(r.any) {
				r.any = any
			}
		}
		run := []string{""} // what the parts up to here say to the letter
		fold := false
		for _, sub := range re.Sub {
			s := requires(sub)
			r.fixed += s.fixed
			better(s.any)
			texts, folds, ok := exact(sub)
			if slices.Contains(texts, "") {
				better(safestOf(run, fold)) // what follows is more texts, one of them this
			}
			if ok && (folds == fold || len(run) == 1 && run[0] == "") && len(run)*len(texts) <= maxExact {
				run, fold = product(run, texts), folds
			} else {
				better(safestOf(run, fold))
				run, fold = []string{""}, false
			}
		}
		better(safestOf(run, fold))
		return r
	case syntax.OpAlternate:
		var r required
		for i, sub := range re.Sub {
			s := requires(sub)
			if i == 0 || s.fixed < r.fixed {
				r.fixed = s.fixed
			}
			if len(s.any) == 0 || (i > 0 && len(r.any) == 0) || len(r.any)+len(s.any) > maxAny {
				r.any = nil
				continue
			}
			r.any = append(r.any, s.any...)
		}
		return r
	}
	return required{}
}

// maxExact is how many texts an expression may stand for to be taken to the letter.
const maxExact = 16

// maxClass is how many characters a class may have to be taken to the letter: [Kk] has two.
const maxClass = 4

// exact returns all texts that an expression matches, if they are few: (?:ok|changed): matches two.
func exact(re *syntax.Regexp) (texts []string, fold, ok bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, re.Flags&syntax.FoldCase != 0, true
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if texts = append(texts, string(r)); len(texts) > maxClass {
					return nil, false, false
				}
			}
		}
		return texts, false, len(texts) > 0
	case syntax.OpEmptyMatch:
		return []string{""}, false, true
	case syntax.OpCapture:
		return exact(re.Sub[0])
	case syntax.OpQuest:
		texts, fold, ok = exact(re.Sub[0])
		return append(texts, ""), fold, ok && len(texts) < maxExact
	case syntax.OpAlternate, syntax.OpConcat:
		if re.Op == syntax.OpConcat {
			texts = []string{""}
		}
		for i, sub := range re.Sub {
			more, folds, ok := exact(sub)
			if !ok || i > 0 && folds != fold || len(texts)+len(more) > maxExact && re.Op == syntax.OpAlternate || len(texts)*len(more) > maxExact {
				return nil, false, false
			}
			fold = folds
			if re.Op == syntax.OpAlternate {
				texts = append(texts, more...)
			} else {
				texts = product(texts, more)
			}
		}
		return texts, fold, true
	}
	return nil, false, false
}

func product(first, second []string) []string {
	var texts []string
	for _, a := range first {
		for _, b := range second {
			texts = append(texts, a+b)
		}
	}
	return texts
}

// safestOf returns the best part of each text, or nothing where one has none.
func safestOf(texts []string, fold bool) (any []literal) {
	for _, text := range texts {
		best := safest(text, fold)
		if best.text == "" {
			return nil
		}
		any = append(any, best)
	}
	return any
}

// safest returns the best part of a text in a log as it is: quotes and backslashes are escaped or doubled in
// JSON and YAML, <, > and & are escaped by Go's JSON, and what is not ASCII may be written as \uXXXX.
func safest(text string, fold bool) literal {
	var best string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool {
		return r < ' ' || r > '~' || strings.ContainsRune(`"'\<>&`, r)
	}) {
		// the k and the s of other alphabets fold to ours: where case is ignored, they end a part
		parts := []string{part}
		if fold {
			parts = strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune("kKsS", r) })
		}
		for _, p := range parts {
			if p = cutWindow(p); weight(p) > weight(best) {
				best = p
			}
		}
	}
	if len(best) < minLiteral {
		return literal{}
	}
	if fold {
		best = strings.ToLower(best)
	}
	return literal{best, fold}
}

// cutWindow cuts a long text to its rarest part.
func cutWindow(text string) string {
	best := text
	if len(text) > maxLiteral {
		best = text[:maxLiteral]
		for i := range len(text) - maxLiteral + 1 {
			if w := text[i : i+maxLiteral]; weight(w) > weight(best) {
				best = w
			}
		}
	}
	return best
}

// worth compares sets of literals: the weakest member decides, and fewer are better. A text shorter than the window of the
// finder makes the window smaller for all.
func worth(any []literal) int {
	if len(any) == 0 {
		return 0
	}
	least := 1 << 20
	for _, l := range any {
		least = min(least, 16+weight(l.text)-4*max(0, maxWindow-len(l.text)))
	}
	return max(1, least-2*(len(any)-1))
}

func weight(text string) int {
	n := 0
	for i := range len(text) {
		n += rarity(text[i])
	}
	return n
}

// rarity tells roughly how rarely a byte is in the logs of machines.
func rarity(b byte) int {
	switch {
	case b == ' ':
		return 1
	case strings.IndexByte("etaoinsr", b) >= 0:
		return 2
	case b >= 'a' && b <= 'z', b >= '0' && b <= '9', strings.IndexByte(`.:-/[]=,`, b) >= 0:
		return 3
	}
	return 5
}
