package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/kubespray"
	"spraydeck/runbook"
)

func inventoryCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "inventory", Short: "Print, compare or change the inventory of a cluster"}
	cmd.AddCommand(compareCommand(o), listCommand(o), settingsCommand(o), nodesCommand(o), setCommand(o), patchCommand())
	return cmd
}

func compareCommand(o *options) *cobra.Command {
	var format, branch, from, to string
	var keep, moved []string
	cmd := &cobra.Command{
		Use: "compare", Short: "Compare the variables of every host with those of the previous release",
		Long: "Compare the variables of every host in the working tree with those of the branch of the previous release, as\n" +
			"ansible-inventory reads both, and list the files that you changed against the old sample. Each difference is\n" +
			"explained by the release (its sample has another value, a variable has a new name) or it is a loss.\n" +
			"A vaulted value is compared by its ciphertext, so no vault password is needed; secrets are never printed.\n" +
			"Where Ansible is not installed, the files are read without it, and the result says so.\n\n" +
			"The exit code is 0 when nothing is lost, 3 when something is. It changes nothing.",
		Example: "  spraydeck inventory compare --branch t_v2.27.0 --from v2.27.0 --to v2.28.0 --inventory inventory/mycluster/inventory.ini",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains([]string{"table", "json"}, format) {
				return &runbook.UsageError{Message: fmt.Sprintf("-o cannot be %q", format), Way: "it is table or json"}
			}
			for name, v := range map[string]string{"branch": branch, "from": from, "to": to, "inventory": o.inventory} {
				if v == "" {
					return &runbook.UsageError{Message: "--" + name + " is not given", Way: "see spraydeck inventory compare --help"}
				}
			}
			cmp, err := compareInventories(cmd.Context(), o, kubespray.CompareOptions{
				Inventory: path.Clean(o.inventory), Branch: branch, OldTag: from, NewTag: to, Keep: keep}, moved)
			if err != nil {
				return err
			}
			if format == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetEscapeHTML(false)
				err = e.Encode(cmp)
			} else {
				printComparison(cmd, cmp)
			}
			if err == nil && lost(cmp) {
				return &coded{code: exitBlocked}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&format, "output", "o", "table", "output format: table or json")
	f.StringVar(&branch, "branch", "", "the branch that holds the old inventory")
	f.StringVar(&from, "from", "", "the release whose sample the old inventory was made of")
	f.StringVar(&to, "to", "", "the release whose sample the new one was made of")
	f.StringSliceVar(&keep, "keep", nil, "variables that must not move, even if only the sample set them")
	f.StringSliceVar(&moved, "moved", nil, "where the release moved the settings of a file: OLD=NEW")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// listCommand prints an inventory that Ansible does not, or not all of. Runs fall back to it.
func listCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Print the inventory as ansible-inventory does, without what Ansible cannot read",
		Long: "Print the inventory as ansible-inventory --list does, without the encrypted files whose password Ansible does not\n" +
			"have: each of them is named on standard error and replaced by one variable with its digest. Where Ansible is not\n" +
			"installed, the files are read without it, an inventory script is run, and standard error says so.",
		Example: "  spraydeck inventory list --inventory inventory/mycluster/inventory.ini",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.inventory == "" {
				return &runbook.UsageError{Message: "--inventory is not given", Way: "see spraydeck inventory list --help"}
			}
			list, warnings, err := listInventory(cmd.Context(), o.inventory)
			if err != nil {
				return err
			}
			for _, w := range warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), w)
			}
			_, err = cmd.OutOrStdout().Write(list)
			return err
		},
	}
}

func listInventory(ctx context.Context, inventory string) (list []byte, warnings []string, err error) {
	if _, err := exec.LookPath("ansible-inventory"); err != nil {
		return kubespray.ListWithoutAnsible(inventory)
	}
	list, encrypted, err := kubespray.ListWithoutVault(ctx, "ansible-inventory", inventory)
	return list, kubespray.WarnVault(encrypted), err
}

func compareInventories(ctx context.Context, o *options, how kubespray.CompareOptions, moved []string) (*kubespray.Comparison, error) {
	checkout, err := kubespray.Open(o.checkout)
	if err != nil {
		return nil, usage(err)
	}
	how.Moved = map[string]string{}
	for _, pair := range moved {
		old, now, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, &runbook.UsageError{Message: fmt.Sprintf("--moved %q is not OLD=NEW", pair), Way: "such as group_vars/etcd.yml=group_vars/all/etcd.yml"}
		}
		how.Moved[old] = now
	}
	if _, err := exec.LookPath("ansible-inventory"); err == nil {
		how.List = kubespray.ListWithAnsible
	}
	lib, err := load(o, "Release")
	if err != nil {
		return nil, err
	}
	releases, err := lib.releases()
	if err != nil {
		return nil, err
	}
	how.Renamed = map[string]string{}
	for _, r := range releases {
		if r.Name.Value == how.NewTag {
			for _, n := range r.Variables.Renamed {
				how.Renamed[n.Name] = n.Value.Value
			}
		}
	}
	return checkout.Compare(ctx, how)
}

// lost reports whether something of the operator's is not in the new inventory.
func lost(c *kubespray.Comparison) bool {
	return slices.ContainsFunc(c.Differences, func(d kubespray.Difference) bool { return d.Blocks }) ||
		slices.ContainsFunc(c.Files, func(f kubespray.FileState) bool { return !f.Carried })
}

func printComparison(cmd *cobra.Command, c *kubespray.Comparison) {
	w := cmd.OutOrStdout()
	word := map[bool]string{true: "LOST", false: "release"}
	for _, d := range c.Differences {
		fmt.Fprintf(w, "%-8s %s\n", word[d.Blocks], d.Text)
	}
	for _, f := range c.Files {
		state := "carried"
		if !f.Carried {
			state = "LOST"
		}
		fmt.Fprintf(w, "%-8s %s  %s\n", state, f.Path, f.Why)
	}
	for _, l := range c.Comments {
		fmt.Fprintf(w, "%-8s %s\n", "comment", l)
	}
	for _, l := range c.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s\n", l)
	}
	fmt.Fprintf(w, "%d hosts, read by %s\n", c.Hosts, c.Source)
}
