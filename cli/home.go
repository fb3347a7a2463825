package cli

import "github.com/spf13/cobra"

// home is what spraydeck alone does.
func home(cmd *cobra.Command, _ *options) error { return cmd.Help() }
