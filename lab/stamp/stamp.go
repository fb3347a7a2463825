// Package stamp gives the Kubernetes code in this binary the version that the environment names, before any of it reads its
// version.
//
// kubeadm computes the versions it accepts while packages are initialised, so a main function would be too late. Go
// initialises the package with the smallest import path among those whose imports are done. This one imports nothing that
// needs net/http, and kubeadm does (through golang.org/x/net in the standard library's vendor directory, which comes after
// this path): so this one is first. TestStamp holds it to that.
package stamp

import (
	"os"
	"strings"
	_ "unsafe" // for go:linkname

	"k8s.io/component-base/version"
)

// Variable names the environment variable, such as SPRAYDECK_LAB_KUBERNETES=v1.33.8.
const Variable = "SPRAYDECK_LAB_KUBERNETES"

//go:linkname gitVersion k8s.io/component-base/version.gitVersion
var gitVersion string

//go:linkname gitMajor k8s.io/component-base/version.gitMajor
var gitMajor string

//go:linkname gitMinor k8s.io/component-base/version.gitMinor
var gitMinor string

//go:linkname gitTreeState k8s.io/component-base/version.gitTreeState
var gitTreeState string

//go:linkname gitCommit k8s.io/component-base/version.gitCommit
var gitCommit string

func init() {
	if v := os.Getenv(Variable); v != "" {
		if err := Set(v); err != nil {
			panic(Variable + ": " + err.Error())
		}
	}
}

// Set makes the Kubernetes code in this binary say that it is this version, such as v1.34.4.
func Set(v string) error {
	major, rest, _ := strings.Cut(strings.TrimPrefix(v, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	gitVersion, gitMajor, gitMinor = v, major, minor
	gitTreeState, gitCommit = "clean", ""
	return version.SetDynamicVersion(v)
}
