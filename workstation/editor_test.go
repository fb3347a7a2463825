package workstation

import (
	"reflect"
	"testing"
)

func TestEditorCommand(t *testing.T) {
	t.Setenv("VISUAL", "")
	for editorName, want := range map[string][]string{
		"":              {"sh", "-c", `vi "$@"`, "vi", "+7", "/a b"},
		"nano -w":       {"sh", "-c", `nano -w "$@"`, "nano -w", "+7", "/a b"},
		"code --wait":   {"sh", "-c", `code --wait "$@"`, "code --wait", "/a b"},
		"/usr/bin/nvim": {"sh", "-c", `/usr/bin/nvim "$@"`, "/usr/bin/nvim", "+7", "/a b"},
	} {
		t.Setenv("EDITOR", editorName)
		if got := Editor(t.Context(), "/a b", 7).Args; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", editorName, got, want)
		}
	}
}
