package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"spraydeck/event"
	"spraydeck/kubespray"
	"spraydeck/runbook"
	"spraydeck/runbooks"
)

// reader reads the settings of an inventory, and what releases say of variables. Tags never change, so each is read once.
type reader struct {
	checkout *kubespray.Checkout // nil: there is none
	dir      string

	mu       sync.Mutex
	releases map[string]*kubespray.ReleaseVars
	lists    map[string]listed   // by inventory; nil: it is read anew each time
	tags     *[]string           // that HEAD contains; only while lists are read once
	environ  map[string][]string // of commands that only read a repository, by directory; likewise
}

type listed struct {
	list   []byte
	closed []string // encrypted files that Ansible has no password for
}

// still has the reader read an inventory once: nothing changes it while only checks run.
func (r *reader) still() { r.lists = map[string]listed{} }

// listLine is the command with which a runbook lists its inventory.
var listLine = regexp.MustCompile(`(?:^|\s)ansible-inventory -i (\S+) --list$`)

// heard remembers an inventory as a runbook listed it, while only checks run: it is not listed once more.
func (r *reader) heard(line string, list []byte) {
	m := listLine.FindStringSubmatch(line)
	if m == nil || r == nil || r.lists == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists[m[1]] = listed{list: list}
}

// exec answers a command of the workstation that the program itself carries out.
func (r *reader) exec(ctx context.Context, c *event.Call, stdout, stderr io.Writer) (int, error) {
	var answer any
	var err error
	switch c.Verb {
	case event.ReadSettings:
		answer, err = r.settings(ctx, c.Name)
	case event.ReadRelease:
		var v *kubespray.ReleaseVars
		if v, err = r.release(ctx, c.Name); err == nil {
			answer = kubespray.ReleaseVars{Defaults: v.Defaults, Sample: v.Sample}
		}
	case event.ReadReads:
		var v *kubespray.ReleaseVars
		if v, err = r.release(ctx, c.Name); err == nil {
			_, err = fmt.Fprintln(stdout, strings.Join(v.Reads, "\n"))
			return 0, err
		}
	case event.ReadContains:
		return r.hasTag(ctx, c.Name, stderr)
	case event.ReadFile:
		return r.file(ctx, c.Files, stdout, stderr)
	default:
		err = fmt.Errorf("%s reads no file", c.Verb)
	}
	if err == nil && answer != nil {
		err = json.NewEncoder(stdout).Encode(answer)
	}
	if ctx.Err() != nil {
		return -1, ctx.Err()
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1, nil
	}
	return 0, nil
}

func (r *reader) settings(ctx context.Context, inventory string) (*kubespray.Settings, error) {
	for _, path := range kubespray.Sources(kubespray.Absolute(r.dir, inventory)) {
		if _, err := os.Stat(path); err != nil && !strings.HasSuffix(path, ",") { // Ansible only warns and lists no host
			return nil, fmt.Errorf("there is no inventory %s", path)
		}
	}
	l, err := r.list(ctx, inventory)
	if err != nil {
		return nil, err
	}
	s, err := kubespray.SettingsOf(kubespray.SettingsOptions{Dir: r.dir, Inventory: inventory, List: l.list, Closed: l.closed, Shown: shownDecrypted})
	if err == nil {
		s.Warnings = slices.Concat(s.Warnings, kubespray.WarnVault(l.closed))
	}
	return s, err
}

// secretKey tells by its name that a setting is a secret.
var secretKey = regexp.MustCompile(`(?i)pass|secret|token|key|cred|cert`)

// shownDecrypted says which settings of an encrypted file are shown, and stand in the transcript: those that Kubespray knows and that
// are no secrets by their names. Of any other of an operator's own nobody knows.
func shownDecrypted(key string) bool {
	return !secretKey.MatchString(key) && slices.Contains(runbooks.Settings(), key)
}

// list is ansible-inventory --list, by the Ansible of the virtual environment where there is one.
func (r *reader) list(ctx context.Context, inventory string) (l listed, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range []string{inventory, runbook.Quote(inventory)} {
		if l, known := r.lists[name]; known {
			return l, nil
		}
	}
	program := "ansible-inventory"
	if own := filepath.Join(r.dir, "venv/k8s/bin", program); isFile(own) {
		program = own
	} else if _, err := exec.LookPath(program); err != nil {
		return l, nil
	}
	l.list, l.closed, err = kubespray.ListInventory(ctx, r.dir, program, inventory)
	if err == nil && r.lists != nil {
		r.lists[inventory] = l
	}
	return l, err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func (r *reader) release(ctx context.Context, tag string) (*kubespray.ReleaseVars, error) {
	if r.checkout == nil {
		return nil, errNoCheckout
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.releases[tag]; v != nil {
		return v, nil
	}
	v, err := r.checkout.ReleaseVars(ctx, tag, filepath.Join(xdg.CacheHome, "spraydeck", "releases"))
	if err == nil {
		if r.releases == nil {
			r.releases = map[string]*kubespray.ReleaseVars{}
		}
		r.releases[tag] = v
	}
	return v, err
}

// settingsCommand prints what checks read of an inventory.
func settingsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "settings", Short: "Print every setting of the inventory, with the file and line of each",
		Long: "Print every variable of the inventory as JSON: its values, the hosts that have each (all, where none are named), and\n" +
			"where it stands. Values come from ansible-inventory, or from the files themselves where Ansible is not installed;\n" +
			"a vaulted value is unknown. Checks read exactly this.",
		Example: "  spraydeck inventory settings --inventory inventory/mycluster/inventory.ini",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.inventory == "" {
				return &runbook.UsageError{Message: "--inventory is not given", Way: "see spraydeck inventory settings --help"}
			}
			return readAndPrint(cmd, o, &event.Call{Verb: event.ReadSettings, Name: o.inventory})
		},
	}
}

// releasesCommand groups what a release says.
func releasesCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "releases", Short: "What a release of Kubespray says"}
	var reads bool
	settings := &cobra.Command{
		Use: "settings TAG", Short: "Print the defaults of a release's roles, and what its sample inventory sets",
		Long: "Print what a release says of variables, as JSON: the defaults of its roles and what its sample inventory sets, each\n" +
			"with file and line. With --reads, the words of its roles and playbooks that may be variables, one a line.\n" +
			"The tag is read out of the checkout, and kept by its commit in the cache directory of the user.",
		Example: "  spraydeck releases settings v2.28.0 --checkout ~/kubespray",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			verb := event.ReadRelease
			if reads {
				verb = event.ReadReads
			}
			return readAndPrint(cmd, o, &event.Call{Verb: verb, Name: args[0]})
		},
	}
	settings.Flags().BoolVar(&reads, "reads", false, "print the words that roles and playbooks read instead")
	cmd.AddCommand(settings, learnCommand(o), diffCommand(o))
	return cmd
}

func readAndPrint(cmd *cobra.Command, o *options, c *event.Call) error {
	r := &reader{dir: o.checkout}
	if checkout, err := kubespray.Open(o.checkout); err == nil {
		r.checkout, r.dir = checkout, checkout.Dir()
	}
	var failed strings.Builder
	exit, err := r.exec(cmd.Context(), c, cmd.OutOrStdout(), &failed)
	if err == nil && exit != 0 {
		err = fmt.Errorf("%s", strings.TrimSpace(failed.String()))
	}
	return err
}
