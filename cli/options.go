package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"spraydeck/kubespray"
	"spraydeck/regular"
	"spraydeck/runbook"
)

// options are the flags that several commands share. A flag is stronger than the profile, the profile than the
// environment.
type options struct {
	checkout, inventory, kubeconfig, context, sshConfig, vault, lang string
	runbooks                                                         []string
	notify                                                           *yaml.Node // of the profile, nil without one
}

func (o *options) flags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&o.checkout, "checkout", "", "the Kubespray checkout (default: the current directory)")
	f.Var((*sources)(&o.inventory), "inventory", "the inventory, as ansible -i takes it: a file, directory or script; may be repeated")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "the kubeconfig (default: as kubectl finds it)")
	f.StringVar(&o.context, "context", "", "the context of the kubeconfig")
	f.StringVar(&o.vault, "vault-password-file", "", "the file with the password of Ansible's vault, or a script that prints it")
	f.StringVar(&o.sshConfig, "ssh-config", "", "the OpenSSH client configuration (default: as ssh finds it)")
	f.StringVar(&o.lang, "lang", "", "language of what is shown: en or ja (default: from the locale)")
	f.StringArrayVar(&o.runbooks, "runbooks", nil, "a directory of runbooks and pitfalls of your own; may be repeated")
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return o.complete(cmd) }
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"en", "ja"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkPersistentFlagDirname("checkout")
	_ = cmd.MarkPersistentFlagDirname("runbooks")
}

// sources is the flag --inventory: what is given several times is one text with commas between, as in ANSIBLE_INVENTORY.
type sources string

func (s *sources) String() string { return string(*s) }
func (s *sources) Type() string   { return "string" }
func (s *sources) Set(text string) error {
	if *s != "" {
		text = string(*s) + "," + text
	}
	*s = sources(text)
	return nil
}

// giveVault gives the file with the vault's password to every Ansible that is started.
func (o *options) giveVault() error {
	if o.vault == "" {
		return nil
	}
	path, err := filepath.Abs(o.vault)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return usage(fmt.Errorf("the file with the vault's password: %w", err))
	}
	return os.Setenv("ANSIBLE_VAULT_PASSWORD_FILE", path)
}

// inventoryFrom is the inventory given, as commands name it that run in dir: below that, or absolute. A path is looked for there,
// then in the current directory.
func (o *options) inventoryFrom(dir string) string {
	list := kubespray.Sources(o.inventory)
	for i, path := range list {
		if strings.HasSuffix(path, ",") {
			continue
		}
		if !filepath.IsAbs(path) {
			if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
				continue
			}
		}
		abs, err := filepath.Abs(path)
		if err == nil {
			_, err = os.Stat(abs)
		}
		if err != nil {
			continue // whoever reads it says so
		}
		if rel, err := filepath.Rel(dir, abs); err == nil && filepath.IsLocal(rel) {
			abs = rel
		}
		list[i] = abs
	}
	return strings.Join(list, ",")
}

// profile is the file with an operator's own defaults. Its keys are the names of the flags.
func profilePath() string { return filepath.Join(xdg.ConfigHome, "spraydeck", "profile.yaml") }

// complete fills in what no flag said, from the profile and then from the environment (SPRAYDECK_CHECKOUT ...).
func (o *options) complete(cmd *cobra.Command) error {
	profile, notify, err := readProfile(profilePath())
	if err != nil {
		return err
	}
	o.notify = notify
	for name, to := range map[string]*string{
		"checkout": &o.checkout, "inventory": &o.inventory, "kubeconfig": &o.kubeconfig, "context": &o.context,
		"ssh-config": &o.sshConfig, "vault-password-file": &o.vault, "lang": &o.lang,
	} {
		if cmd.Flags().Changed(name) {
			continue
		}
		if *to = profile[name]; *to == "" {
			*to = os.Getenv("SPRAYDECK_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")))
		}
	}
	if len(o.runbooks) == 0 {
		list := profile["runbooks"]
		if list == "" {
			list = os.Getenv("SPRAYDECK_RUNBOOKS")
		}
		o.runbooks = filepath.SplitList(list)
	}
	if o.checkout == "" {
		o.checkout = "."
	}
	if err := o.giveVault(); err != nil {
		return err
	}
	switch o.lang {
	case "":
		o.lang = localeLang()
	case "en", "ja":
	default:
		return &runbook.UsageError{Message: fmt.Sprintf("--lang cannot be %q", o.lang), Way: "it is en or ja"}
	}
	return nil
}

// readProfile returns the values of the profile, and who it has called.
func readProfile(path string) (values map[string]string, notify *yaml.Node, _ error) {
	text, err := regular.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, usage(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, nil, usage(fmt.Errorf("read the profile %s: %w", path, err))
	}
	values = map[string]string{}
	known := []string{"checkout", "inventory", "kubeconfig", "context", "ssh-config", "vault-password-file", "lang", "runbooks"}
	if len(root.Content) == 0 {
		return values, nil, nil
	}
	for i := 0; i+1 < len(root.Content[0].Content); i += 2 {
		key, value := root.Content[0].Content[i], root.Content[0].Content[i+1]
		if key.Value == "notify" {
			notify = value
			continue
		}
		if !contains(known, key.Value) || value.Kind != yaml.ScalarNode {
			return nil, nil, usage(fmt.Errorf("%s:%d:%d: the profile takes %s, each with a plain value, and notify with a list", path, key.Line, key.Column, strings.Join(known, ", ")))
		}
		values[key.Value] = value.Value
	}
	return values, notify, nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// localeLang reads the locale as programs do: LC_ALL, then LC_MESSAGES, then LANG.
func localeLang() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "ja") {
				return "ja"
			}
			return "en"
		}
	}
	return "en"
}
