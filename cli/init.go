package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/runbook"
)

//go:embed first-pitfall.yaml
var firstPitfall string

// pitfallName is what a file and a pitfall may be called.
var pitfallName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9.]+)*$`)

func initCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "init", Short: "Begin a file of your own"}
	cmd.AddCommand(&cobra.Command{
		Use: "pitfall NAME", Short: "Write NAME.yaml: a pitfall to begin with, of 15 lines",
		Long: "Write NAME.yaml into the current directory: a pitfall on a setting of the inventory, with a remedy that sets it and two\n" +
			"tests. It is sound as it is: put your setting in place of the one in it. `spraydeck lint` and `spraydeck test` look at\n" +
			"it, and `spraydeck check --runbooks DIRECTORY` checks for it with all others. `spraydeck schema` is for the editor.",
		Example: "  spraydeck init pitfall our-proxy-mode && spraydeck lint our-proxy-mode.yaml && spraydeck test our-proxy-mode.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if !pitfallName.MatchString(name) {
				return &runbook.UsageError{Message: fmt.Sprintf("%q is no name of a pitfall", name), Way: "small letters, digits and dashes, such as our-proxy-mode"}
			}
			file := name + ".yaml"
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, fs.ErrExist) {
				return &runbook.UsageError{Message: file + " is there already", Way: "give another name, or remove it"}
			}
			if err != nil {
				return err
			}
			_, err = f.WriteString(strings.ReplaceAll(firstPitfall, "NAME", name))
			if err = errors.Join(err, f.Close()); err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s is written: next, spraydeck lint %[1]s\n", file)
			}
			return err
		},
	})
	return cmd
}
