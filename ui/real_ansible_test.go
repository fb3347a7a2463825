package ui

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spraydeck/event"
)

// failing are playbooks that fail in ten ways, on the host n2 of n1 and n2. With fixed=true each of them passes.
var failing = map[string]struct {
	tasks   string
	task    string   // that fails
	message []string // on the screen, one of them
	again   bool     // the continuation is run too
}{
	"assert":      {"- name: Check swap\n  assert: {that: [good | bool], fail_msg: 'swap must be off'}", "Check swap", []string{"swap must be off"}, true},
	"fail":        {"- name: Refuse\n  fail: {msg: 'kube_version is too old'}\n  when: not good", "Refuse", []string{"kube_version is too old"}, false},
	"exit code":   {"- name: Join\n  shell: \"{{ 'true' if good else 'echo could not join: port 6443 is closed >&2; exit 3' }}\"", "Join", []string{"could not join: port 6443 is closed"}, true},
	"no file":     {"- name: Copy the certificate\n  copy: {src: \"{{ '/etc/hostname' if good else '/no/such/ca.crt' }}\", dest: \"{{ dir }}/{{ inventory_hostname }}.crt\"}", "Copy the certificate", []string{"/no/such/ca.crt"}, false},
	"undefined":   {"- name: Say\n  debug: {msg: \"{{ 'x' if good else nowhere_set }}\"}", "Say", []string{"nowhere_set"}, false},
	"unreachable": {"- name: Reach\n  ping:\n  vars: {ansible_connection: \"{{ 'local' if good else 'ssh' }}\", ansible_port: 1, ansible_host: 127.0.0.1}", "Reach", []string{"Connection refused", "connect to host", "Failed to connect"}, true},
	"arguments":   {"- name: Write\n  file: {path: \"{{ dir }}/x\", state: \"{{ 'touch' if good else 'sideways' }}\"}", "Write", []string{"sideways"}, false},
	"retries":     {"- name: Wait for the API\n  shell: \"{{ 'true' if good else 'echo not healthy yet; exit 1' }}\"\n  register: r\n  until: r.rc == 0\n  retries: 2\n  delay: 0", "Wait for the API", []string{"not healthy yet"}, false},
	"item":        {"- name: Pull images\n  shell: \"{{ 'true' if good or item == 'a' else 'echo no such image ' ~ item ~ ' >&2; exit 1' }}\"\n  loop: [a, b]", "Pull images", []string{"no such image b"}, false},
	"after one that is ignored": {"- name: Look\n  shell: \"{{ 'true' if good else 'echo harmless >&2; exit 1' }}\"\n  ignore_errors: true\n- name: Restart\n  shell: \"{{ 'true' if good else 'echo Unit kubelet not found >&2; exit 5' }}\"", "Restart",
		[]string{"Unit kubelet not found"}, false},
}

// TestRealAnsible runs playbooks that fail in ten ways with the installed Ansible: as soon as the line of the failure has been printed,
// the screen has task, host and message, and the run on the failed host alone, mended, passes.
func TestRealAnsible(t *testing.T) {
	ansible, err := exec.LookPath("ansible-playbook")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for name, f := range failing {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			book := "- name: Upgrade\n  hosts: all\n  gather_facts: false\n  vars: {good: \"{{ fixed | default(false) | bool or inventory_hostname == 'n1' }}\"}\n  tasks:\n" + indented(f.tasks, "    ") + "\n"
			for file, text := range map[string]string{"book.yml": book, "hosts": "n1 ansible_connection=local\nn2 ansible_connection=local\n[all:vars]\nansible_python_interpreter=/usr/bin/python3\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := func(each func(string), args ...string) error {
				cmd := exec.Command(ansible, append([]string{"-i", "hosts", "book.yml", "-e", "dir=" + dir}, args...)...)
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "ANSIBLE_NOCOLOR=1", "ANSIBLE_LOCALHOST_WARNING=0", "ANSIBLE_HOST_KEY_CHECKING=0", "ANSIBLE_CALLBACK_RESULT_FORMAT=json")
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				lines := bufio.NewScanner(out)
				lines.Buffer(nil, 1<<20)
				for lines.Scan() {
					each(lines.Text())
				}
				return cmd.Wait()
			}
			s := upgradeBegun()
			d := newDriver(t, "en", 80, 24)
			d.play(scene{events: s.events, now: s.now})
			seq, shown, begun := int64(1000), "", false
			var printed []string
			err := run(func(line string) {
				seq++
				printed = append(printed, line)
				if next := begun && shown == "" && marker(line); next {
					shown = d.screen() // all of the failure is printed, and nothing after it
				}
				d.send(batch{event.Event{Seq: seq, Time: d.now, Step: "upgrade", Data: event.NewOutput(s.number, "stdout", []byte(line+"\n"))}})
				if (strings.HasPrefix(line, "fatal: [n2") || strings.HasPrefix(line, "failed: [n2")) && !strings.Contains(line, "harmless") {
					begun = true
				}
			})
			if err == nil {
				t.Fatal("the playbook passed")
			}
			has := false
			for _, m := range f.message {
				has = has || strings.Contains(unwrapped(shown), m)
			}
			if !strings.Contains(shown, f.task+" on n2") || !has {
				t.Errorf("after the line of the failure the screen has no %q on n2 with one of %q:\n%s", f.task, f.message, shown)
			}
			standing := d.m.run.book.standing()
			if len(standing) == 0 || standing[len(standing)-1].Host != "n2" {
				t.Fatalf("not the failures that stand at the end: %v\n%s", standing, strings.Join(printed, "\n"))
			}
			if len(d.m.run.book.recaps) != 2 {
				t.Errorf("recap: %+v", d.m.run.book.recaps)
			}
			if f.again {
				if err := run(func(string) {}, "--limit", standing[0].Host, "-e", "fixed=true"); err != nil {
					t.Errorf("the continuation: %v", err)
				}
			}
		})
	}
}

// marker reports whether a line begins something else than the failure.
func marker(line string) bool {
	for _, p := range []string{"TASK ", "PLAY ", "ok: ", "changed: ", "skipping: ", "...ignoring"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}

func upgradeBegun() *script {
	s := begun()
	s.in("upgrade").add(time.Second, event.StepStarted{Attempt: 1})
	return s.command(event.Workstation, "ansible-playbook -i hosts book.yml", false)
}

func indented(s, by string) string { return by + strings.ReplaceAll(s, "\n", "\n"+by) }

// unwrapped joins the lines of a screen.
func unwrapped(screen string) string { return strings.Join(strings.Fields(screen), " ") }
