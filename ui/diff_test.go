package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"spraydeck/event"
)

// press builds the key press that tea would send: "enter", "ctrl+c", "A", "/".
func press(name string) tea.KeyPressMsg {
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome,
		"end": tea.KeyEnd, "tab": tea.KeyTab, "backspace": tea.KeyBackspace}
	switch {
	case name == "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case codes[name] != 0:
		return tea.KeyPressMsg{Code: codes[name]}
	case strings.HasPrefix(name, "ctrl+"):
		return tea.KeyPressMsg{Code: rune(name[5]), Mod: tea.ModCtrl}
	case strings.HasPrefix(name, "shift+"):
		return tea.KeyPressMsg{Code: codes[name[6:]], Mod: tea.ModShift}
	}
	r := []rune(name)[0]
	return tea.KeyPressMsg{Code: r, Text: name}
}

// drawn returns what a part draws as plain text, and checks that each line has the width it was given.
func drawn(t *testing.T, view string, w, h int) string {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != h {
		t.Errorf("%d lines in a part of %d", len(lines), h)
	}
	for i, l := range lines {
		if got := width(l); got != w {
			t.Errorf("line %d is %d wide, not %d: %q", i, got, w, ansi.Strip(l))
		}
		lines[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestSlide(t *testing.T) {
	plain := newTheme(true).Plain
	tests := []struct {
		text    string
		left, w int
		want    string
	}{
		{"abc", 0, 5, "abc  "},
		{"abcdef", 0, 4, "abc…"},
		{"abcdef", 2, 4, "…def"},
		{"abcdefgh", 2, 4, "…de…"},
		{"日本語です", 0, 5, "日本…"},
		{"日本語です", 0, 4, "日 …"},
		{"日本語です", 1, 5, "…本 …"},
		{"日本語です", 2, 9, "… 語です "},
		{"abc", 9, 3, "…  "},
		{"abc", 0, 0, ""},
	}
	for _, tt := range tests {
		got := slide(tt.text, plain, nil, tt.left, tt.w)
		if width(got) != tt.w {
			t.Errorf("slide(%q, %d, %d) = %q is %d wide", tt.text, tt.left, tt.w, got, width(got))
		}
		if got != tt.want {
			t.Errorf("slide(%q, %d, %d) = %q, want %q", tt.text, tt.left, tt.w, got, tt.want)
		}
	}
}

func comparedSample() event.Compared {
	var old, new strings.Builder
	for i := range 60 {
		line := fmt.Sprintf("key_%02d: value  # 説明 %d\n", i, i)
		old.WriteString(line)
		switch i {
		case 8:
			new.WriteString("calico_network_backend: vxlan\n" + line)
		case 30:
			new.WriteString("key_30: 新しい値  # 説明 30\n")
		case 31:
		case 50:
			new.WriteString(strings.TrimSuffix(line, "\n") + " " + strings.Repeat("長い", 60) + "\n")
		default:
			new.WriteString(line)
		}
	}
	return event.Compared{Path: "group_vars/k8s_cluster/k8s-net-calico.yml", Left: "t_v2.27.0", Right: "v2.28.0",
		Old: old.String(), New: new.String() + "last", Note: text("default changed: bird → vxlan", "既定値が変わりました: bird → vxlan")}
}

func newTestDiff(lang string, w, h int) *diffView {
	v := newDiffView(newLook(Options{Lang: lang}), comparedSample())
	v.SetSize(w, h)
	return v
}

func TestDiffGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
		w, h := size[0], size[1]
		v := newTestDiff(map[int]string{40: "ja"}[w], w, h)
		got := drawn(t, v.View(), w, h)
		for _, k := range []string{"]", "right"} {
			v.HandleKey(press(k))
			got += fmt.Sprintf("──── %s\n", k) + drawn(t, v.View(), w, h)
		}
		sameAsGolden(t, fmt.Sprintf("diff-%dx%d", w, h), got)
	}
}

func TestDiffKeys(t *testing.T) {
	changed := func(v *diffView, keys ...string) bool {
		before := v.View()
		for _, k := range keys {
			v.HandleKey(press(k))
		}
		return v.View() != before
	}
	for _, w := range []int{80, 120} {
		for _, k := range newTestDiff("", w, 20).Keys() {
			for _, name := range k.Keys {
				v := newTestDiff("", w, 20)
				for _, first := range []string{"w", "]", "right"} { // somewhere in the middle
					v.HandleKey(press(first))
				}
				if name == "esc" {
					if _, back := v.HandleKey(press(name)).(actBack); !back {
						t.Error("esc does not go back")
					}
				} else if !changed(v, name) {
					t.Errorf("%d columns: %s does nothing", w, name)
				}
			}
		}
	}
	v := newTestDiff("", 120, 20)
	if !changed(v, "/", "k", "e", "y", "_", "4", "0", "enter") || !strings.Contains(ansi.Strip(v.View()), "key_40") {
		t.Error("a search does not open the fold")
	}
	if !changed(v, "/", "v", "a", "l", "u", "e", "enter") || !changed(v, "n") || !changed(v, "N") {
		t.Error("a search does not go on")
	}
	if _, back := v.HandleKey(press("esc")).(actBack); back {
		t.Error("esc does not end the search first")
	}
	if changed(v, "/", "n", "o", "n", "e", "enter"); !strings.Contains(ansi.Strip(v.View()), "not found: none") {
		t.Error("a vain search does not say so")
	}
	if v.HandleKey(press("x")) != nil {
		t.Error("x means something")
	}
}

func TestDiffAtAnySize(t *testing.T) {
	for _, c := range []event.Compared{comparedSample(), {}, {Old: "a\n", New: "a\n"}} {
		v := newDiffView(newLook(Options{}), c)
		_ = v.View()
		for w := range 130 {
			for _, h := range []int{0, 1, 2, 5, 30} {
				v.SetSize(w, h)
				_ = v.View()
				v.HandleKey(press("]"))
			}
		}
	}
}
