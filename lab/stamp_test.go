package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/kubernetes/cmd/kubeadm/app/constants"

	"spraydeck/lab/stamp"
)

// TestStamp: kubeadm's own constants, which are made while packages are initialised, follow the version of the environment.
func TestStamp(t *testing.T) {
	const current = "CURRENT "
	if os.Getenv(stamp.Variable) != "" {
		fmt.Println(current + "v" + constants.CurrentKubernetesVersion.String())
		return
	}
	for _, v := range []string{"v1.33.8", "v1.34.4"} {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestStamp$", "-test.v")
		cmd.Env = append(os.Environ(), stamp.Variable+"="+v)
		out, err := cmd.CombinedOutput()
		minor := v[:strings.LastIndexByte(v, '.')]
		if err != nil || !strings.Contains(string(out), current+minor) {
			t.Errorf("with %s=%s kubeadm is not %s (%v): %s", stamp.Variable, v, minor, err, out)
		}
	}
}

// TestRealOptions: versions that the code cannot say it is are refused, and so is what only the paper lab has.
func TestRealOptions(t *testing.T) {
	for _, tt := range []struct {
		o    realOptions
		good bool
	}{
		{realOptions{nodes: 2, from: "v1.33.8", to: "v1.34.4"}, true},
		{realOptions{nodes: 4, from: "v1.33.8", to: "v1.34.4"}, false},
		{realOptions{nodes: 2, from: "1.33.8", to: "v1.34.4"}, false},
		{realOptions{nodes: 2, from: "v1.33.8", to: "v1.35.0"}, false},
		{realOptions{nodes: 2, from: "v1.20.0", to: "v1.34.4"}, false},
	} {
		flags := command().Commands()[0].Flags()
		for _, c := range command().Commands() {
			if c.Name() == "up" {
				flags = c.Flags()
			}
		}
		for _, name := range []string{"nodes", "from"} {
			flags.Lookup(name).Changed = true
		}
		if err := tt.o.fill(flags); (err == nil) != tt.good {
			t.Errorf("%+v: %v", tt.o, err)
		}
	}
}

// TestRealImages: kubeadm of either version finds what it asks for.
func TestRealImages(t *testing.T) {
	names := map[string]bool{}
	for _, i := range realImageList("v1.33.8", "v1.34.4") {
		if names[i.name] {
			t.Errorf("%s is there twice", i.name)
		}
		names[i.name] = true
	}
	for _, want := range []string{"kube-apiserver:v1.33.8", "kube-apiserver:v1.34.4", "etcd:3.5.24-0", "etcd:3.6.5-0", "pause:" + realPause, "coredns:" + constants.CoreDNSVersion} {
		if !names[want] {
			t.Errorf("no image %s", want)
		}
	}
}
