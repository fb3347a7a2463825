package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/adrg/xdg"

	"spraydeck/event"
	"spraydeck/kube"
	"spraydeck/kubespray"
	"spraydeck/runbook"
	"spraydeck/sshx"
	"spraydeck/steps"
	"spraydeck/transcript"
	"spraydeck/workstation"
)

// world is the real thing: the workstation, the nodes, the cluster.
type world struct {
	dir       string              // where workstation commands run: the checkout
	checkout  *kubespray.Checkout // nil where what is done has nothing to do with Kubespray
	cluster   *kube.Cluster
	noCluster error // why cluster is nil
	ssh       *sshx.Client
	read      *reader // of settings and releases

	sshConfig  string
	kubeconfig string // as it was given, "" for the one everybody finds

	// Of a run that is recorded; nil for others.
	spool   func(command int) string   // where the output of a command is kept that outlives the console
	secrets func() workstation.Secrets // what is masked in it

	bin    sync.Once
	binDir string // of the git for commands that only read

	is          *identity // the cluster that the run began with; nil: there is no run
	context     string    // as it was given
	runDir      string    // the directory of the run, "" where nothing is written
	contextOnce sync.Once
	contextFile string
	contextErr  error
	tempDir     string

	lease *lease // keeps other runs off the cluster; nil: nobody is kept off

	mu         sync.Mutex
	jobs       map[*workstation.Job]bool // that run under a supervisor
	unknown    []error                   // of commands whose outcome is unknown
	maskSecret func(string)              // of the journal, or nil
	unanswered []*sshx.UnansweredError   // prompts of ssh that nobody answered
	vars       map[string]map[string]any // of the hosts of the inventory
	run        string                    // what commands of the run are named by on the nodes; "" where nothing is written
}

// connect opens what the options name. Nothing is changed by it, and nothing is asked of the cluster yet. Without a cluster
// there is still much that can be done; needCluster is for the rest. What has nothing to do with Kubespray wants no
// checkout: its commands run in that directory, whatever it is.
func connect(o *options, system string) (*world, error) {
	out := &world{context: o.context}
	var err error
	switch out.checkout, err = kubespray.Open(o.checkout); {
	case err == nil:
		out.dir = out.checkout.Dir()
	case system == "kubespray":
		return nil, usage(err)
	case system == "":
		return nil, &runbook.UsageError{Message: err.Error(), Way: event.HintOf(err) +
			"\na runbook that has nothing to do with Kubespray says so, and needs none: system: kubernetes, os, kubeadm, k3s or addon"}
	default:
		out.checkout = nil
		if out.dir, err = filepath.Abs(o.checkout); err == nil {
			_, err = os.ReadDir(out.dir)
		}
		if err != nil {
			return nil, usage(err)
		}
	}
	out.read = &reader{checkout: out.checkout, dir: out.dir}
	if out.cluster, out.noCluster = kube.Open(o.kubeconfig, o.context); out.noCluster != nil {
		out.cluster = nil
	}
	out.ssh, out.sshConfig = sshx.New(o.sshConfig, out.host), o.sshConfig
	out.askedBy(nil, nil)
	if out.sshConfig != "" {
		if out.sshConfig, err = filepath.Abs(o.sshConfig); err != nil {
			return nil, usage(err)
		}
	}
	if o.kubeconfig != "" {
		if out.kubeconfig, err = filepath.Abs(o.kubeconfig); err != nil {
			return nil, usage(err)
		}
	}
	return out, nil
}

// still prepares for checks, while which nothing changes: what they read is read once.
func (o *world) still() {
	o.read.still()
	o.ssh.OnlyOnce()
}

// needCluster fails where there is no cluster, or no answer from it: that is better known before the first step than in the
// middle.
func (o *world) needCluster(ctx context.Context) error {
	if o.noCluster != nil {
		return usage(o.noCluster)
	}
	_, err := o.cluster.Ping(ctx)
	return err
}

// clusterName is what the cluster is called, "" where there is none.
func (o *world) clusterName() string {
	if o.cluster == nil {
		return ""
	}
	return o.cluster.Name()
}

func (o *world) close() {
	o.ssh.Close()
	if o.tempDir != "" {
		_ = os.RemoveAll(o.tempDir)
	}
}

// learn takes the host variables of the inventory: they say how each node is reached.
func (o *world) learn(inv runbook.Inventory) {
	o.mu.Lock()
	o.vars = inv.Vars
	mask := o.maskSecret
	o.mu.Unlock()
	for host := range inv.Vars {
		way := o.host(host)
		for _, secret := range []string{way.Password, way.Become.Password} {
			if mask != nil && secret != "" {
				mask(secret)
			}
		}
	}
}

// host returns what the inventory says of the way to a node, as Ansible reads it.
func (o *world) host(name string) sshx.Options {
	o.mu.Lock()
	defer o.mu.Unlock()
	vars := o.vars[name]
	text := func(keys ...string) string {
		for _, k := range keys {
			if v, ok := vars[k]; ok && v != nil {
				return fmt.Sprint(v)
			}
		}
		return ""
	}
	port, _ := strconv.Atoi(text("ansible_port", "ansible_ssh_port"))
	args, err := sshArgs(text("ansible_ssh_common_args"), text("ansible_ssh_extra_args"))
	if err != nil {
		args = []string{"-o", err.Error()} // ssh refuses it, with the text
	}
	return sshx.Options{
		Address:      text("ansible_host", "ansible_ssh_host"),
		Port:         port,
		User:         text("ansible_user", "ansible_ssh_user", "ansible_remote_user"),
		Password:     secretVar(vars, "ansible_password", "ansible_ssh_pass", "ansible_ssh_password"),
		IdentityFile: text("ansible_ssh_private_key_file", "ansible_private_key_file"),
		Args:         args,
		Become:       becomeOf(vars),
	}
}

// becomeOf is what the inventory says about sudo. Of several names for the same, Ansible takes the last.
func becomeOf(vars map[string]any) sshx.Become {
	last := func(keys ...string) (text string) {
		for _, k := range keys {
			if v, ok := vars[k]; ok && v != nil {
				text = fmt.Sprint(v)
			}
		}
		return text
	}
	return sshx.Become{
		Method:   last("ansible_become_method"),
		User:     last("ansible_become_user", "ansible_sudo_user"),
		Exe:      last("ansible_become_exe", "ansible_sudo_exe"),
		Flags:    last("ansible_become_flags", "ansible_sudo_flags"),
		Password: secretVar(vars, "ansible_sudo_pass", "ansible_become_pass", "ansible_become_password"),
	}
}

// secretVar is a secret of the inventory as plain text, "" where it is vaulted, templated or not there.
func secretVar(vars map[string]any, keys ...string) string {
	for _, k := range keys {
		if s, ok := vars[k].(string); ok && s != "" && !strings.Contains(s, "{{") && !strings.HasPrefix(s, "$ANSIBLE_VAULT") {
			return s
		}
	}
	return ""
}

func (o *world) exec() event.Exec {
	to := steps.Outside{Local: o.local, Hosts: o.ssh, Why: map[string]error{event.API: o.noCluster}}
	if o.cluster != nil {
		to.Cluster = o.cluster
	}
	return func(ctx context.Context, c event.Command, out func(string, []byte)) (int, error) {
		commands.Add(1)
		defer commands.Add(-1)
		if c.Changes {
			if err := o.same(ctx); err != nil {
				return -1, err
			}
		}
		if c.Call != nil && (c.Call.Verb == event.TakeLease || c.Call.Verb == event.DropLease) {
			return o.lease.exec(ctx, c.Call, out)
		}
		to := to
		if o.run != "" {
			to.Name = func(number int) string { return o.run + "." + strconv.Itoa(number) }
		}
		return to.Exec(ctx, c, out)
	}
}

// belongsTo says which run the commands are of, before the first of them. On the nodes a run needs a name that no other has,
// from whatever workstation.
func (o *world) belongsTo(journal *transcript.Writer) {
	h := journal.Header()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d", h.ID, h.Host, h.Operator, h.Started.UnixNano()))
	o.runDir = journal.Dir()
	o.run = h.ID + "-" + hex.EncodeToString(sum[:4])
	o.ssh.Record(filepath.Join(journal.Dir(), sentFile))
}

// local runs a command line of the workstation in the checkout.
func (o *world) local(ctx context.Context, c event.Command, stdout, stderr io.Writer) (int, error) {
	if c.Call != nil {
		return o.read.exec(ctx, c.Call, stdout, stderr)
	}
	dir := o.dir
	switch {
	case filepath.IsAbs(c.Dir):
		dir = c.Dir
	case c.Dir != "":
		dir = filepath.Join(dir, c.Dir)
	}
	env := slices.Concat(inEnglish(os.Getenv("LC_ALL")), c.Env)
	if self, err := os.Executable(); err == nil {
		env = append(env, "SPRAYDECK="+self) // a runbook asks this very program
	}
	env = append(env, o.kubeEnv()...)
	if o.contextErr != nil {
		return -1, o.contextErr
	}
	if !c.Changes && !c.Handover || c.Probe || c.Reads {
		env = append(env, o.read.readEnv(ctx, dir, o.readBin())...)
	}
	how := workstation.Options{Dir: dir, Env: env, TTY: c.TTY}
	if !o.outlives(c) {
		var list bytes.Buffer
		if c.Probe && listLine.MatchString(c.Line) {
			stdout = io.MultiWriter(stdout, &list)
		}
		exit, err := workstation.Run(ctx, c.Line, how, c.Stdin, stdout, stderr)
		if exit == 0 && err == nil && list.Len() > 0 {
			o.read.heard(c.Line, list.Bytes())
		}
		return exit, err
	}
	job, seen, err := o.supervised(ctx, c, how)
	if err != nil {
		o.noteLost(err)
		return -1, err
	}
	defer job.Close()
	defer o.keepFrom(job)
	exit, err := job.Follow(ctx, seen, c.Stdin, stdout, stderr)
	if at := job.EndedAt(); c.Resumed != nil && c.EndedAt != nil && !at.IsZero() {
		c.EndedAt(at)
	}
	o.noteLost(err)
	for _, stream := range []string{"stdout", "stderr"} {
		if all, masked := job.Original(stream); masked && c.Original != nil {
			c.Original(stream, all)
		}
	}
	return exit, err
}

// noteLost remembers the error of a command whose outcome is unknown.
func (o *world) noteLost(err error) {
	if lost := (*workstation.LostError)(nil); errors.As(err, &lost) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.unknown = append(o.unknown, lost)
	}
}

// lost returns the errors of the commands whose outcome is unknown.
func (o *world) lost() []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.unknown)
}

// readBin is the directory of the git that commands use which only read. Without one, where nothing can be written, their
// environment alone keeps git from running what a checkout names, and a difference that wants such a program fails.
func (o *world) readBin() string {
	o.bin.Do(func() { o.binDir, _ = kubespray.ReadBin(filepath.Join(xdg.CacheHome, "spraydeck")) })
	return o.binDir
}

// inEnglish has commands say what they say in the words that known symptoms are looked for in. Everything else of the
// operator's locale stays, such as the characters that a terminal can show; all is LC_ALL, which would go before.
func inEnglish(all string) []string {
	env := []string{"LC_MESSAGES=C", "LANGUAGE="}
	if all != "" {
		env = append(env, "LC_ALL=", "LANG="+all, "LC_CTYPE="+all)
	}
	return env
}

// confide passes secrets to the supervisor of a command, except the first ones, which it has, and whatever becomes
// known from now on.
func (o *world) confide(job *workstation.Job, told int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.jobs == nil {
		o.jobs = map[*workstation.Job]bool{}
	}
	o.jobs[job] = true
	job.Mask(o.secrets().Values[told:]...)
}

// keepFrom stops that.
func (o *world) keepFrom(job *workstation.Job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.jobs, job)
}

// mask returns a function that makes a secret known to the journal, and to the supervisors of the commands that run.
func (o *world) mask(j *transcript.Writer) func(secret string) {
	return func(secret string) {
		o.mu.Lock()
		defer o.mu.Unlock()
		j.Mask(secret)
		for job := range o.jobs {
			job.Mask(secret)
		}
	}
}

// outlives says which commands go on when the console is gone: those whose end matters.
func (o *world) outlives(c event.Command) bool {
	return o.spool != nil && !c.Probe && !c.Handover && (c.Changes || c.TTY)
}

// supervised starts a command, or takes it up.
func (o *world) supervised(ctx context.Context, c event.Command, how workstation.Options) (*workstation.Job, workstation.Offsets, error) {
	dir := o.spool(c.Number)
	if c.Resumed != nil {
		job, err := workstation.Attach(dir, c.Number)
		if err == nil {
			o.confide(job, 0)
		}
		return job, workstation.Offsets{Stdout: c.Resumed.Stdout, Stderr: c.Resumed.Stderr}, err
	}
	if err := ctx.Err(); err != nil {
		return nil, workstation.Offsets{}, fmt.Errorf("start command: %w", err)
	}
	told := o.secrets()
	job, err := workstation.Start(dir, c.Number, c.Line, how, c.Stdin, told)
	if err == nil {
		o.confide(job, len(told.Values))
	}
	return job, workstation.Offsets{}, err
}

// record keeps the output of commands in the directory of a run, masked as the journal is.
func (o *world) record(j *transcript.Writer, own []*regexp.Regexp) {
	o.spool = j.Spool
	o.secrets = func() workstation.Secrets {
		s := workstation.Secrets{Values: j.Secrets()}
		for _, r := range own {
			s.Patterns = append(s.Patterns, r.String())
		}
		return s
	}
}

// watch reports the nodes until the context ends.
func (o *world) watch(ctx context.Context, observe func(event.Data) error) {
	if o.cluster == nil {
		return
	}
	server := strings.TrimPrefix(o.cluster.Server(), "https://")
	_ = o.cluster.WatchNodes(ctx,
		func(n kube.Node, deleted bool) {
			_ = observe(event.NodeChanged{Deleted: deleted, Node: event.Node{
				Name: n.Name, Ready: n.Ready, Unschedulable: n.Unschedulable, Roles: n.Roles, Version: n.Version, Runtime: n.Runtime,
				OS: n.OS, Kernel: n.Kernel, BootID: n.BootID, Address: n.InternalIP, Pressure: n.Pressure, Since: n.Since,
			}})
		},
		func(up bool, err error) {
			d := event.Connection{To: server, Up: up}
			if err != nil {
				d.Error = err.Error()
			}
			_ = observe(d)
		})
}
