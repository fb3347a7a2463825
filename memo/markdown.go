package memo

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

type blockKind int

const (
	heading blockKind = iota
	prose
	code
)

// block is a part of a memo, in the order in which it is read.
type block struct {
	kind  blockKind
	level int    // of a heading
	lang  string // of code
	text  string // as it was written; of a heading without its marks
}

// blocks cuts a memo into blocks. Code within a list stands by itself, after the text of its item.
func blocks(source []byte) []block {
	var list []block
	var walk func(n ast.Node, prefix string)
	walk = func(n ast.Node, prefix string) {
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			switch c := c.(type) {
			case *ast.Heading:
				list = append(list, block{kind: heading, level: c.Level, text: plain(lines(c, source))})
			case *ast.FencedCodeBlock:
				list = append(list, block{kind: code, lang: strings.ToLower(string(c.Language(source))), text: lines(c, source)})
			case *ast.CodeBlock:
				list = append(list, block{kind: code, text: lines(c, source)})
			case *ast.List:
				walk(c, prefix)
			case *ast.ListItem:
				walk(c, prefix+"- ")
				prefix = strings.TrimSuffix(prefix, "- ")
			case *ast.Blockquote:
				walk(c, prefix)
			case *ast.ThematicBreak:
			default:
				if t := strings.TrimSpace(lines(c, source)); t != "" && !strings.HasPrefix(t, "<!--") {
					list = append(list, block{kind: prose, text: prefix + t})
					prefix = strings.Repeat(" ", len(prefix))
					if run := inline(t); run != "" {
						list = append(list, block{kind: code, lang: "sh", text: run})
					}
				}
			}
		}
	}
	walk(goldmark.DefaultParser().Parse(text.NewReader(source)), "")
	return list
}

var (
	span     = regexp.MustCompile("`+([^`]+)`+")
	runs     = regexp.MustCompile(`(?i)\b(?:run|execute|call|apply|launch)\b|実行|叩く`)
	negative = regexp.MustCompile(`(?i)\b(?:not|never|don't|do not|cannot|won't|without|instead of|if|would)\b|ない|ません`)
)

// inline is the one command in a paragraph that says to run it, "" where there is none or more than one.
func inline(text string) string {
	var found []string
	for _, s := range span.FindAllStringSubmatch(text, -1) {
		if known.MatchString(s[1]) && strings.Contains(s[1], " ") {
			found = append(found, s[1])
		}
	}
	if len(found) != 1 || !runs.MatchString(span.ReplaceAllString(text, "")) || negative.MatchString(span.ReplaceAllString(text, "")) {
		return ""
	}
	return found[0]
}

var (
	frontMatter = regexp.MustCompile(`\A(?s:---\n.*?\n---\n|\+\+\+\n.*?\n\+\+\+\n)`)
	frontTitle  = regexp.MustCompile(`(?m)^title:\s*["']?(.+?)["']?\s*$`)
	shortcode   = regexp.MustCompile(`(?m)^\s*\{\{[<%].*[%>]\}\}\s*$|^\s*(?:import .* from .*;?|</?[A-Z]\w*[^>\n]*>|:::.*)\s*$`)
)

// clean takes away what is for the site that shows the memo: front matter, whose title it keeps, and shortcodes of Hugo and Docusaurus.
func clean(source []byte) []byte {
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	if head := frontMatter.Find(source); head != nil {
		rest := source[len(head):]
		if t := frontTitle.FindSubmatch(head); t != nil {
			rest = append([]byte("# "+string(t[1])+"\n\n"), rest...)
		}
		source = rest
	}
	return shortcode.ReplaceAll(source, nil)
}

func lines(n ast.Node, source []byte) string {
	var b strings.Builder
	if n.Type() == ast.TypeInline {
		return ""
	}
	segments := n.Lines()
	for i := range segments.Len() {
		s := segments.At(i)
		b.Write(s.Value(source))
	}
	return b.String()
}
