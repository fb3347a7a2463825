package main

import (
	"fmt"
	"net/http"
	"os"
)

// coreDNSMain is a stand-in of CoreDNS: it answers the probes of the Deployment that kubeadm makes, and no name.
func coreDNSMain([]string) int {
	fmt.Println("coredns of the lab, a stand-in: it answers the probes and no name")
	failed := make(chan error, 2)
	for _, addr := range []string{":8080", ":8181"} {
		go func() {
			failed <- http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "OK") }))
		}()
	}
	fmt.Fprintln(os.Stderr, <-failed)
	return 1
}
