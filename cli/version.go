package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// thisRelease is the version of this source. It is written here only; CHANGELOG.md has a chapter for it.
const thisRelease = "v0.1.0"

// version is the release, or what is on the way to it with the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return thisRelease + "-dev"
	}
	if info.Main.Version == thisRelease {
		return thisRelease
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return thisRelease + "-dev+" + s.Value[:12]
		}
	}
	return thisRelease + "-dev"
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), "spraydeck", version()) },
	}
}
