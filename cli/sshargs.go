package cli

import "strings"

// sshConfigOf finds the configuration file in the options that an inventory gives to ssh: -F file or -Ffile.
func sshConfigOf(args ...string) string {
	words := strings.Fields(strings.Join(args, " "))
	for i, w := range words {
		if w == "-F" && i+1 < len(words) {
			return strings.Trim(words[i+1], `"'`)
		}
		if rest, ok := strings.CutPrefix(w, "-F"); ok && rest != "" {
			return strings.Trim(rest, `"'`)
		}
	}
	return ""
}
