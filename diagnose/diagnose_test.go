package diagnose

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"spraydeck/ansible"
	"spraydeck/runbooks"
)

func builtinChecks(t *testing.T) []ansible.Check {
	t.Helper()
	var list []ansible.Check
	if err := json.Unmarshal(runbooks.Checks, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func report(t *testing.T, k *Knowledge, log string) *Report {
	t.Helper()
	r, err := k.Read(context.Background(), strings.NewReader(log), "log")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// printed is a failed check as Ansible prints it: one-line JSON, indented YAML, indented JSON.
func printed(c ansible.Check) map[string]string {
	value := jinja.ReplaceAllStringFunc(c.Message, func(m string) string {
		if m[1] == '{' {
			return "value7"
		}
		return ""
	})
	name := jinja.ReplaceAllString(c.Task, "value7")
	fields := map[string]any{"changed": false, "msg": value}
	if c.That != "" {
		fields["assertion"], fields["evaluated_to"] = c.That, false
		if c.Message == "" {
			fields["msg"] = "Assertion failed"
		}
	} else if c.Message == "" {
		fields["msg"] = "Failed as requested from task"
	}
	line, _ := json.Marshal(fields)
	pretty, _ := json.MarshalIndent(fields, "", "    ")
	header := "TASK [some/role : " + name + "] ***\nfatal: [cp1]: FAILED! => "
	recap := "\n\nPLAY RECAP ***\ncp1 : ok=9 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0\n"
	yaml := "changed=false"
	for _, k := range []string{"assertion", "evaluated_to", "msg"} {
		if v, ok := fields[k]; ok {
			quoted, _ := json.Marshal(v)
			yaml += fmt.Sprintf("\n  %s: %s", k, quoted)
		}
	}
	return map[string]string{"default": header + string(line) + recap, "yaml": header + yaml + recap, "pretty": header + string(pretty) + recap}
}

// TestEveryCheck: a failure of any of Kubespray's own checks, of v2.18 to v2.31, is recognised in three callbacks.
func TestEveryCheck(t *testing.T) {
	list := builtinChecks(t)
	k := New(nil, list)
	if len(list) < 350 || list[0].First == "" {
		t.Fatalf("%d checks", len(list))
	}
	for _, c := range list {
		if c.Message == "" && c.That == "" && c.Task == "" {
			t.Errorf("nothing tells %+v", c)
		}
		for callback, log := range printed(c) {
			r := report(t, k, log)
			if len(r.Findings) != 1 || r.Findings[0].Check == nil {
				t.Errorf("%s %q %q %q: %+v", callback, c.Task, c.Message, c.That, r.Findings)
				continue
			}
			if got := r.Findings[0].Check; got.Task != c.Task && c.Task != "" {
				t.Errorf("%s: %q is reported as %q", callback, c.Task, got.Task)
			}
		}
		for _, log := range printed(c) {
			if r := report(t, k, strings.Replace(log, "\n\nPLAY", "\n...ignoring\n\nPLAY", 1)); len(r.Findings) != 0 || r.Failure != nil {
				t.Errorf("ignored, and told: %q", log)
			}
			break
		}
	}
	// a task of somebody else that happens to fail is none of these
	if r := report(t, k, "TASK [grafana : Install dashboards] ***\nfatal: [m1]: FAILED! => {\"msg\": \"Destination /x does not exist\"}\n"); len(r.Findings) != 0 || r.Failure == nil {
		t.Errorf("%+v", r)
	}
}

// TestFirstFailure: what failed first and was not recovered, in the words of its program.
func TestFirstFailure(t *testing.T) {
	k := New(nil, nil)
	for name, c := range map[string]struct{ log, kind, host, task, message string }{
		"the first of two tasks":           {"TASK [a : One] ***\nfatal: [n2]: FAILED! => {\"msg\": \"first\"}\nTASK [b : Two] ***\nfatal: [n1]: FAILED! => {\"msg\": \"second\"}\n", "ansible-task", "n2", "a : One", "first"},
		"not what was ignored":             {"TASK [a : One] ***\nfatal: [n2]: FAILED! => {\"msg\": \"first\"}\n...ignoring\nTASK [b : Two] ***\nfatal: [n1]: FAILED! => {\"msg\": \"second\"}\n", "ansible-task", "n1", "b : Two", "second"},
		"unreachable":                      {"TASK [a : One] ***\nfatal: [n2]: UNREACHABLE! => {\"msg\": \"no route\"}\n", "ansible-unreachable", "n2", "a : One", "no route"},
		"behind the prefix of a CI system": {"2026-01-02T03:04:05.123456Z 00O TASK [a : One] ***\n2026-01-02T03:04:06.123456Z 00O fatal: [n2]: FAILED! => {\"msg\": \"first\"}\n", "ansible-task", "n2", "a : One", "first"},
		"log_path":                         {"2025-08-23 10:00:00,123 p=4242 u=ubuntu n=ansible | TASK [a : One] ***\n2025-08-23 10:06:00,456 p=4242 u=ubuntu n=ansible | fatal: [n2]: FAILED! => {\"msg\": \"first\"}\n", "ansible-task", "n2", "a : One", "first"},
		"kubeadm":                          {"[upgrade] Reading\nerror execution phase preflight: no such node\n", "kubeadm-phase", "", "", "no such node"},
		"a preflight check":                {"\t[ERROR Port-6443]: Port 6443 is in use\n", "kubeadm-check", "", "", "Port 6443 is in use"},
		"preflight checks behind":          {"error execution phase preflight: [preflight] Some fatal errors occurred:\n\t[ERROR NumCPU]: 1 is less than 2\n", "kubeadm-phase", "", "", "[preflight] Some fatal errors occurred: [NumCPU] 1 is less than 2"},
		"a fatal line of klog":             {"Jan 02 03:04:05 n1 kubelet[12]: F0102 03:04:05.000001      12 server.go:295] cannot start\n", "klog-fatal", "", "", "cannot start"},
		"logrus":                           {`time="2026-01-02T03:04:05Z" level=fatal msg="flag \"x\" is gone"` + "\n", "level-fatal", "", "", `flag "x" is gone`},
		"apt":                              {"E: Unable to locate package kubeadm\n", "apt", "", "", "Unable to locate package kubeadm"},
		"a unit":                           {"Jan 02 03:04:05 n1 systemd[1]: kubelet.service: Failed with result 'exit-code'.\n", "unit", "n1", "", "kubelet.service: Failed with result 'exit-code'."},
		"the error at the end":             {"2026-01-02 03:05:05.1 I | op-osd: begins\n2026-01-02 03:04:05.1 E | ceph-cluster-controller: failed to get ceph status\n", "last-error", "", "", "ceph-cluster-controller: failed to get ceph status"},
		"an unknown option":                {"flag provided but not defined: -mode\nUsage of /controller:\n", "go-flag", "", "", "flag provided but not defined: -mode"},
		"an unknown option alone":          {"NGINX Ingress controller\nunknown flag: --class\n", "flag-refused", "", "", "unknown flag: --class"},
		"a drain that says why later":      {"error: unable to drain node \"n1\", aborting command...\n\nThere are pending nodes to be drained:\n n1\nerror: cannot delete Pods that nobody manages: a/b\n", "drain", "", "", "cannot delete Pods that nobody manages: a/b"},
		"a server by its port":             {"ERRO[0236] Failed to validate connection to cluster at https://10.0.0.5:6443: CA cert validation failed\n", "last-error", "", "", "Failed to validate connection to cluster at https://10.0.0.5:6443: CA cert validation failed"},
		"K3s":                              {"FATA[0001] starting kubernetes: no such directory\n", "k3s-fatal", "", "", "starting kubernetes: no such directory"},
		"a plugin":                         {"time=\"2026-01-02T03:04:05Z\" level=warning msg=\"failed to load plugin\" error=\"mkdir /etc/cni: read-only\" id=io.containerd.grpc.v1.cri type=io.containerd.grpc.v1\n", "cri-plugin", "", "", "mkdir /etc/cni: read-only"},
		"ansible itself":                   {"ERROR! couldn't resolve module/action 'x'\n", "ansible-error", "", "", "couldn't resolve module/action 'x'"},
	} {
		f := report(t, k, c.log).Failure
		if f == nil || f.Kind != c.kind || f.Host != c.host || f.Task != c.task || f.Message != c.message {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for name, log := range map[string]string{
		"healthy":                "TASK [a : One] ***\nok: [n1]\nPLAY RECAP ***\nn1 : ok=1 changed=0 unreachable=0 failed=0\n",
		"rescued":                "TASK [a : One] ***\nfatal: [n1]: FAILED! => {\"msg\": \"x\"}\nPLAY RECAP ***\nn1 : ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=1\n",
		"retried":                "TASK [a : One] ***\nFAILED - RETRYING: [n1]: One (3 retries left).\nchanged: [n1]\n",
		"upgraded at last":       "error execution phase preflight: x\n[upgrade/successful] SUCCESS! Your cluster was upgraded to \"v1.30.1\". Enjoy!\n",
		"drained at last":        "error: unable to drain node \"n1\" due to error: x\nnode/n1 drained\n",
		"a database":             "2025-03-01 10:11:12.001 UTC [881] FATAL:  password authentication failed for user \"app\"\n",
		"an application":         "time=\"2026-01-02T03:04:05Z\" level=error msg=\"payment refused\" order=7\n",
		"an error in the middle": "2026-01-02 03:04:05.1 E | ceph-cluster-controller: failed to get ceph status\n2026-01-02 03:05:05.1 I | op-osd: all is well\n",
		"a quotation":            "<eva> last month we had \"error execution phase preflight: x\"\n",
	} {
		if f := report(t, k, log).Failure; f != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
