// Package runbooks holds the runbooks and pitfalls that come with the console, as YAML. It imports none of ours, so
// that anything may read it.
package runbooks

import (
	"embed"
	"strings"
	"sync"
)

// FS holds one directory per system; in each, the runbooks are at the top and the pitfalls in pitfalls/.
//
//go:embed all:k3s all:kubeadm all:kubernetes all:kubespray all:os
var FS embed.FS

// Checks is Kubespray's own assert and fail tasks: an array of ansible.Check, made by go run ./runbooks/learn CHECKOUT.
//
//go:embed checks.json
var Checks []byte

//go:embed settings.txt
var settings string

// Settings names every setting that a release of Kubespray has by default or in its sample, in comments too, sorted.
var Settings = sync.OnceValue(func() []string { return strings.Fields(settings) })
