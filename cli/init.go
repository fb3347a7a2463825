package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/runbook"
)

//go:embed first-pitfall.yaml
var firstPitfall string

//go:embed first-profile.yaml
var firstProfile string

// pitfallName is what a file and a pitfall may be called.
var pitfallName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9.]+)*$`)

func initCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "init", Short: "Begin a file of your own"}
	cmd.AddCommand(initPitfallCommand(), initProfileCommand())
	return cmd
}

func initPitfallCommand() *cobra.Command {
	return &cobra.Command{
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
			if err := writeNew(file, strings.ReplaceAll(firstPitfall, "NAME", name), 0o644, "give another name, or remove it"); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is written: next, spraydeck lint %[1]s\n", file)
			return nil
		},
	}
}

func initProfileCommand() *cobra.Command {
	return &cobra.Command{
		Use: "profile", Short: "Write a commented profile: your own defaults, and who is called when a run waits",
		Long: "Write ~/.config/spraydeck/profile.yaml (or $XDG_CONFIG_HOME/spraydeck/profile.yaml) with every key commented out: the\n" +
			"defaults of flags, and who is called when a run waits. docs/profile.md describes them.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := profilePath()
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			// only its owner may read it: addresses of webhooks are secrets
			if err := writeNew(path, firstProfile, 0o600, "edit it, or remove it first"); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is written: take the # away in front of what you want\n", path)
			return nil
		},
	}
}

// writeNew writes a file that must not be there yet. way is what to do where it is.
func writeNew(path, text string, mode os.FileMode, way string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return &runbook.UsageError{Message: path + " is there already", Way: way}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
