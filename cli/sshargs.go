package cli

import (
	"fmt"
	"strings"
)

// sshArgs splits the options that an inventory gives to ssh, as a shell would.
func sshArgs(options ...string) ([]string, error) {
	var args []string
	for _, text := range options {
		var word strings.Builder
		started, quote := false, rune(0)
		escaped := false
		for _, r := range text {
			switch {
			case escaped:
				word.WriteRune(r)
				escaped = false
			case r == '\\' && quote != '\'':
				escaped, started = true, true
			case quote != 0 && r == quote:
				quote = 0
			case quote == 0 && (r == '"' || r == '\''):
				quote, started = r, true
			case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
				if started {
					args = append(args, word.String())
					word.Reset()
				}
				started = false
			default:
				word.WriteRune(r)
				started = true
			}
		}
		if quote != 0 || escaped {
			return nil, fmt.Errorf("ssh options of the inventory: a quote is not closed in %q", text)
		}
		if started {
			args = append(args, word.String())
		}
	}
	return args, nil
}
