package cli

import (
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"spraydeck/transcript"
	"spraydeck/workstation"
)

// superviseCommand is what a console calls so that a command outlives it. Nobody types it. It reads no profile.
func superviseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "supervise", Hidden: true, Args: cobra.NoArgs, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		RunE: func(*cobra.Command, []string) error {
			if spool, err := os.Getwd(); err == nil {
				go renewFor(spool)
			}
			err := workstation.Supervise(masking)
			if err != nil {
				return usage(err)
			}
			return nil
		},
	}
}

// masking masks what goes to a spool as the journal masks what goes to it.
func masking(s workstation.Secrets) workstation.Mask {
	var own []*regexp.Regexp
	for _, p := range s.Patterns {
		if r, err := regexp.Compile(p); err == nil { // it was one when the console read it
			own = append(own, r)
		}
	}
	return transcript.NewMasker(s.Values, own...)
}
