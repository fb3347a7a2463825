package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// piece is a stretch of printed text that looks the same. Its class is one that report.css knows, "" for plain.
type piece struct{ text, class string }

// look is what the escape sequences for colours have set. Colours beyond the sixteen of every terminal are skipped.
type look struct {
	fg                 int // 30-37, 90-97; 0 is the default
	bold, faint, under bool
}

func (l look) class() string {
	var c []string
	if l.bold {
		c = append(c, "b")
	}
	if l.faint {
		c = append(c, "f")
	}
	if l.under {
		c = append(c, "u")
	}
	if l.fg != 0 {
		c = append(c, "c"+strconv.Itoa(l.fg))
	}
	return strings.Join(c, " ")
}

// set takes the parameters of one sequence, such as 1;31.
func (l *look) set(params string) {
	list := strings.Split(params, ";")
	for i := 0; i < len(list); i++ {
		n, _ := strconv.Atoi(list[i])
		switch {
		case n == 0:
			*l = look{}
		case n == 1:
			l.bold = true
		case n == 2:
			l.faint = true
		case n == 4:
			l.under = true
		case n == 22:
			l.bold, l.faint = false, false
		case n == 24:
			l.under = false
		case n >= 30 && n <= 37, n >= 90 && n <= 97:
			l.fg = n
		case n == 39:
			l.fg = 0
		case (n == 38 || n == 48) && i+1 < len(list):
			if list[i+1] == "5" {
				i += 2
			} else {
				i += 4
			}
			if n == 38 {
				l.fg = 0
			}
		}
	}
}

// pieces takes printed text apart: colours become looks, every other control character is made visible.
func pieces(s string, l *look) []piece {
	var list []piece
	put := func(text, class string) {
		if text == "" {
			return
		}
		if n := len(list); n > 0 && list[n-1].class == class {
			list[n-1].text += text
			return
		}
		list = append(list, piece{text, class})
	}
	from := 0
	for i := 0; i < len(s); {
		if s[i] >= ' ' && s[i] < 0x7f || s[i] == '\t' || s[i] == '\n' {
			i++
			continue
		}
		if params, size := colour(s[i:]); size > 0 {
			put(s[from:i], l.class())
			l.set(params)
			i += size
			from = i
			continue
		}
		r, size := rune(s[i]), 1
		if r >= 0x80 {
			for _, r = range s[i:] {
				break
			}
			size = len(string(r))
			if r == unicode.ReplacementChar && !strings.HasPrefix(s[i:], "\ufffd") {
				size = 1
			}
		}
		if name := visible(r); name != "" {
			put(s[from:i], l.class())
			put(name, "ctl")
			from = i + size
		}
		i += size
	}
	put(s[from:], l.class())
	return list
}

// colour returns the parameters and the length of an escape sequence for colours at the beginning of s, 0 for anything else.
func colour(s string) (params string, size int) {
	if !strings.HasPrefix(s, "\x1b[") {
		return "", 0
	}
	for i := 2; i < len(s) && i < 40; i++ {
		switch c := s[i]; {
		case c == 'm':
			return s[2:i], i + 1
		case c >= '0' && c <= '9', c == ';':
		default:
			return "", 0
		}
	}
	return "", 0
}

// visible returns a sign for a character that would act and not show, "" for one that shows itself: controls, and the
// marks that turn text around or hide in it.
func visible(r rune) string {
	switch {
	case r == '\n', r == '\t':
		return ""
	case r < ' ' || r == 0x7f:
		return "^" + string(r^0x40) // as cat -v does: every font has it
	case r == 0x200c, r == 0x200d: // letters of many scripts are joined by them
		return ""
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == 0x2028, r == 0x2029:
		return fmt.Sprintf("⟨U+%04X⟩", r)
	}
	return ""
}

// plain is text without colours, with every control character made visible.
func plain(s string) string {
	var l look
	list := pieces(s, &l)
	if len(list) == 1 {
		return list[0].text
	}
	var b strings.Builder
	for _, p := range list {
		b.WriteString(p.text)
	}
	return b.String()
}
