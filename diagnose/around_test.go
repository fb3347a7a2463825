package diagnose

import "testing"

// TestAround: a message goes on in the lines behind it, and what systemd says of a unit that ended gives way to what its program said.
func TestAround(t *testing.T) {
	k := New(builtinPitfalls(t), nil)
	for name, c := range map[string]struct{ log, want string }{
		"announced by a colon": {"error execution phase control-plane-prepare/download-certs: error downloading certs:\n\terror decoding the data: wrong key\nTo see the stack trace of this error execute with --v=5 or higher\n",
			"error downloading certs: error decoding the data: wrong key"},
		"wrapped in the middle of a sentence": {"error: error execution phase check-etcd: could not retrieve the list of\netcd endpoints: pods is forbidden: User \"a\" cannot list\nresource \"pods\" in the namespace \"kube-system\"\n\n# then the shell\n",
			"could not retrieve the list of etcd endpoints: pods is forbidden: User \"a\" cannot list resource \"pods\" in the namespace \"kube-system\""},
		"a quoted message on two lines": {"level=fatal msg=\"starting kubernetes: failed to get CA certs:\n  Get \\\"https://cp1:6443/cacerts\\\": dial tcp: lookup cp1: Try again\"\n",
			"starting kubernetes: failed to get CA certs: Get \"https://cp1:6443/cacerts\": dial tcp: lookup cp1: Try again"},
		"the next line is of its own": {"error execution phase check-etcd: could not retrieve the list of the endpoints of etcd\nJan 02 03:04:05 cp1 kubelet[1]: watching\n",
			"could not retrieve the list of the endpoints of etcd"},
		"a program said why before it ended": {"containerd: drop-in version 4 is higher than version 2\ncontainerd.service: Main process exited, code=exited, status=1/FAILURE\ncontainerd.service: Failed with result 'exit-code'.\n",
			"containerd: drop-in version 4 is higher than version 2"},
		"a journal": {"Oct 12 10:44:00 n1 systemd[1]: Starting containerd container runtime...\nOct 12 10:44:00 n1 (ntainerd)[271]: containerd.service: Failed to execute /usr/bin/containerd: Exec format error\nOct 12 10:44:00 n1 systemd[1]: containerd.service: Main process exited, code=exited, status=203/EXEC\n",
			"containerd.service: Failed to execute /usr/bin/containerd: Exec format error"},
		"it says why behind": {"Apr 17 10:07:19 n4 systemd[1]: k3s.service: Failed with result 'protocol'.\nApr 17 10:13:10 n3 k3s: dial tcp 10.0.1.2:2380: connect: no route to host\n",
			"dial tcp 10.0.1.2:2380: connect: no route to host"},
		"it says nothing": {"Apr 17 10:07:19 n4 systemd[1]: k3s.service: Failed with result 'protocol'.\n", "k3s.service: Failed with result 'protocol'."},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, k, c.log)
			if r.Failure == nil || r.Failure.Message != c.want {
				t.Errorf("%+v, want %q", r.Failure, c.want)
			}
		})
	}
}
