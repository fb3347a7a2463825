package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/kubespray"
	"spraydeck/regular"
	"spraydeck/runbook"
	"spraydeck/workstation"
)

// setCommand says how settings would be changed. The step kind set asks it.
func setCommand(o *options) *cobra.Command {
	var edit kubespray.Edit
	var rename []string
	var sample string
	var write bool
	cmd := &cobra.Command{
		Use: "set [SETTING=VALUE...]", Short: "Change settings of an inventory, and nothing else of its files",
		Long: "Change settings where they are set: in group_vars, host_vars or the inventory itself. Comments, order, quotes, line ends\n" +
			"and everything else of the files stay as they are. The change is printed as a unified difference; with --write it is\n" +
			"made. A value is YAML, as Ansible reads it. A name with dots leads into a mapping.\n\n" +
			"Of several files that set a setting those are changed whose value counts for a host, and the others are named;\n" +
			"--unset and --rename work on every file. A setting that no file has goes over its commented default, else into\n" +
			"--file, else where the sample of the release has it. Nothing is printed where all is as required.",
		Example: "  spraydeck inventory set --inventory inventory/mycluster/inventory.ini kube_proxy_mode=iptables\n" +
			"  spraydeck inventory set --inventory inventory/mycluster/inventory.ini --unset kube_version --rename ipip_mode=calico_ipip_mode --write",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.inventory == "" {
				return &runbook.UsageError{Message: "--inventory is not given", Way: "see spraydeck inventory set --help"}
			}
			if err := editOf(&edit, args, rename); err != nil {
				return err
			}
			if checkout, err := kubespray.Open(o.checkout); err == nil {
				if edit.Sample, err = checkout.Sample(cmd.Context(), sample); err != nil {
					fmt.Fprintf(cmd.ErrOrStderr(), "the sample is not known: %v\n", err)
				}
			}
			edited, err := edit.Plan(o.inventory)
			if err != nil {
				return err
			}
			if len(edited.Files) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "all is as required")
				return nil
			}
			for _, n := range edited.Notes {
				fmt.Fprintln(cmd.OutOrStdout(), "# "+strings.ReplaceAll(n, "\n", " "))
			}
			for _, f := range edited.Files {
				fmt.Fprint(cmd.OutOrStdout(), f.Diff())
			}
			if write {
				return replaceAll(edited.Files)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&edit.Unset, "unset", nil, "a setting to take away")
	f.StringArrayVar(&rename, "rename", nil, "a setting to rename: OLD=NEW")
	f.StringVar(&edit.File, "file", "", "where a setting goes that no file has, below the directory of the inventory")
	f.StringVar(&sample, "sample", "", "the release whose sample says where a setting belongs; default: the working tree's")
	f.BoolVar(&write, "write", false, "make the change")
	return cmd
}

func editOf(edit *kubespray.Edit, args, rename []string) error {
	for _, r := range rename {
		old, now, ok := strings.Cut(r, "=")
		if !ok {
			return &runbook.UsageError{Message: fmt.Sprintf("--rename %s is not OLD=NEW", r), Way: "see spraydeck inventory set --help"}
		}
		edit.Rename = append(edit.Rename, kubespray.Renamed{Old: old, New: now})
	}
	for _, a := range args {
		key, text, ok := strings.Cut(a, "=")
		if !ok {
			return &runbook.UsageError{Message: fmt.Sprintf("%s is not SETTING=VALUE", a), Way: "see spraydeck inventory set --help"}
		}
		v, err := kubespray.ParseSetting(text)
		if err != nil {
			return &runbook.UsageError{Message: fmt.Sprintf("the value of %s is not YAML: %v", key, err), Way: "quote a text that YAML would read otherwise"}
		}
		edit.Set = append(edit.Set, kubespray.Assigned{Key: key, Value: v})
	}
	if len(edit.Set)+len(edit.Unset)+len(edit.Rename) == 0 {
		return &runbook.UsageError{Message: "nothing is to be changed", Way: "see spraydeck inventory set --help"}
	}
	return nil
}

// patchCommand makes the change that set printed.
func patchCommand() *cobra.Command {
	return &cobra.Command{
		Use: "patch", Short: "Make the change that inventory set printed",
		Long: "Read a difference as spraydeck inventory set prints it on standard input, and make the change. The head of each file in\n" +
			"the difference names the text that it was made of. A file that has another text by now is not touched, nor is any\n" +
			"other of the difference, and the exit code is 3. A file that has the new text already is left as it is.",
		Example: "  spraydeck inventory set --inventory inventory/mycluster/inventory.ini helm_enabled=true >change && spraydeck inventory patch <change",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 64<<20))
			if err != nil {
				return err
			}
			edits, err := kubespray.ReadDiff(text, func(path string) ([]byte, error) {
				text, err := regular.Read(path)
				if errors.Is(err, fs.ErrNotExist) {
					return nil, nil
				}
				return text, err
			})
			if err == nil {
				err = replaceAll(edits)
			}
			var outdated *kubespray.OutdatedError
			var replaced *workstation.ReplacedError
			if errors.As(err, &outdated) || errors.As(err, &replaced) {
				return &coded{exitBlocked, err}
			}
			for _, f := range edits {
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), f.Path)
				}
			}
			return err
		},
	}
}

func replaceAll(edits []kubespray.FileEdit) error {
	for _, f := range edits {
		if f.Before != nil && string(f.Before) == string(f.After) {
			continue
		}
		if err := workstation.Replace(f.Path, f.Before, f.After); err != nil {
			return err
		}
	}
	return nil
}
