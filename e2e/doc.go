// Package e2e drives the real binary against the lab: a real control plane, real sshd, real Ansible. Its tests want
// root and run when SPRAYDECK_LAB=1; `make test` sets it.
package e2e
