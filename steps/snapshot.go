package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"spraydeck/event"
	"spraydeck/runbook"
)

type snapshot struct {
	File    runbook.Template `yaml:"file,required" doc:"where to put it on the host"`
	Env     runbook.Template `yaml:"env" doc:"a file with the endpoint and the certificates as ETCDCTL_ variables; default: /etc/etcd.env, as Kubespray writes it"`
	Options runbook.Template `yaml:"options" doc:"options for etcdctl in place of that file, such as --endpoints, --cacert, --cert and --key"`
	Within  runbook.Span     `yaml:"within" doc:"how long saving may take; default: 60s"`
}

// Commands saves, looks at what was saved, and at the size of the file. Without certificates etcdctl would wait for ever,
// so saving has a limit.
func (s *snapshot) Commands(t *runbook.Task) ([]event.Command, error) {
	within := time.Minute
	if s.Within.Value > 0 {
		within = s.Within.Value
	}
	file, err := s.File.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	env, err := s.Env.Prose(t.Scope)
	if err != nil {
		return nil, err
	}
	if env == "" {
		env = "/etc/etcd.env"
	}
	options, err := s.Options.ShellPreview(t.Scope)
	if err != nil {
		return nil, err
	}
	file, setup := runbook.Quote(file), "set -a; . "+runbook.Quote(env)+"; "
	if options != "" {
		options, setup = options+" ", ""
	}
	root := func(script string) string {
		return "sudo -n sh -c " + runbook.Quote("PATH=$PATH:/usr/local/bin; export ETCDCTL_API=3; "+script)
	}
	save := fmt.Sprintf("%stimeout %d etcdctl %ssnapshot save %s", setup, int(within.Seconds()), options, file)
	status := fmt.Sprintf("if command -v etcdutl >/dev/null; then etcdutl snapshot status %s -w json; else etcdctl snapshot status %s -w json; fi", file, file)
	if options != "" {
		save, status = inPod(save, status, file, options, int(within.Seconds()))
	}
	save, status = root("umask 077; "+save), root(status)
	var cmds []event.Command
	for _, host := range t.Hosts {
		cmds = append(cmds,
			event.Command{Host: host, Line: save, Changes: true, Timeout: within + 15*time.Second},
			event.Command{Host: host, Line: status, Timeout: within, Reads: true},
			event.Command{Host: host, Line: "sudo -n stat -c %s " + file, Reads: true})
	}
	if len(cmds) == 0 {
		return nil, fmt.Errorf("step %s names no host to take the snapshot on", t.Step)
	}
	return cmds, nil
}

// inPod takes the etcdctl and etcdutl of etcd's own pod where the host has none: kubeadm installs none. The pod sees the host's
// /var/lib/etcd and no other directory that can be written.
func inPod(save, status, file, options string, within int) (string, string) {
	const there = "/var/lib/etcd/spraydeck-snapshot.db"
	pod := func(onHost, inPod string) string {
		return "if command -v etcdctl >/dev/null; then " + onHost + "; else id=$(crictl ps -q --name '^etcd$' --state Running | head -n 1); " +
			`[ -n "$id" ] || { echo 'neither etcdctl nor a running container of etcd is on this host' >&2; exit 127; }; ` + inPod + "; fi"
	}
	return pod(save, fmt.Sprintf(`timeout %d crictl exec "$id" etcdctl %ssnapshot save %s && mv %[3]s %s`, within, options, there, file)),
		pod(status, fmt.Sprintf(`cp %s %s && crictl exec "$id" etcdutl snapshot status %[2]s -w json; r=$?; rm -f %[2]s; exit $r`, file, there))
}

// Run saves and verifies. An empty file, or one without keys, is no snapshot.
func (s *snapshot) Run(ctx context.Context, t *runbook.Task) (any, error) {
	cmds, err := s.Commands(t)
	if err != nil {
		return nil, err
	}
	var last runbook.Returned
	for ; len(cmds) > 0; cmds = cmds[3:] {
		if r, err := t.Exec(ctx, cmds[0]); err != nil {
			return nil, err
		} else if r.Exit == 124 {
			return nil, &noSnapshot{"it was not saved in time: etcdctl waits for ever where the endpoint or the certificates are wrong"}
		} else if r.Exit != 0 {
			return nil, &noSnapshot{fmt.Sprintf("saving ended with exit code %d: %s", r.Exit, r.Says())}
		}
		if last, err = t.Exec(ctx, cmds[1]); err != nil {
			return nil, err
		}
		size, err := t.Exec(ctx, cmds[2])
		if err != nil {
			return nil, err
		}
		if err := verified(last, size); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// verified compares what the snapshot says of itself with its file.
func verified(status, size runbook.Returned) error {
	said, err := status.Stdout()
	if err != nil {
		return err
	}
	length, err := size.Stdout()
	if err != nil {
		return err
	}
	var s struct {
		Hash, TotalKey, TotalSize int64
	}
	if err := json.Unmarshal([]byte(said), &s); err != nil || status.Exit != 0 {
		return &noSnapshot{"what was saved cannot be read: " + strings.TrimSpace(said+" "+status.Says())}
	}
	var bytes int64
	if _, err := fmt.Sscan(length, &bytes); err != nil {
		return &noSnapshot{"the size of the file is unknown: " + size.Says()}
	}
	switch {
	case bytes == 0 || s.Hash == 0 || s.TotalKey == 0:
		return &noSnapshot{fmt.Sprintf("the snapshot is empty: hash %x, %d keys, %d bytes", s.Hash, s.TotalKey, bytes)}
	case s.TotalSize > bytes || s.TotalSize < bytes/2:
		return &noSnapshot{fmt.Sprintf("the snapshot says %d bytes and its file has %d", s.TotalSize, bytes)}
	}
	return nil
}

type noSnapshot struct{ what string }

func (e *noSnapshot) Error() string { return e.what }
func (e *noSnapshot) Hint() string {
	return "look at env or options of the step: the endpoint must be a name in the server's certificate, and the key readable"
}

// Accepts: Run interprets the exit code.
func (s *snapshot) Accepts(int) bool { return true }

// Changing says that it always changes something.
func (s *snapshot) Changing() bool { return true }
