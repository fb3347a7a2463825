package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// vipMain stands in for kube-vip: it answers on the virtual address as long as any control plane
// node still has kube-vip's manifest. The kubelets that know the API server only by that address
// lose it the moment the last manifest goes, with their open connections.
func vipMain(args []string) int {
	l, code := partLab(args)
	if code != 0 {
		return code
	}
	var forward *forwarder
	for ; ; time.Sleep(200 * time.Millisecond) {
		held, _ := filepath.Glob(l.rootfs("node*", "etc/kubernetes/manifests/kube-vip.y*ml"))
		switch {
		case len(held) > 0 && forward == nil:
			f, err := newForwarder(vipAddress+":6443", apiAddress)
			if err != nil {
				fmt.Fprintln(os.Stderr, "vip:", err)
				continue
			}
			fmt.Fprintln(os.Stderr, "vip: answering on", vipAddress)
			forward = f
		case len(held) == 0 && forward != nil:
			fmt.Fprintln(os.Stderr, "vip: no node holds the address any more")
			forward.close()
			forward = nil
		}
	}
}

// forwarder copies bytes from every connection to one address.
type forwarder struct {
	listener net.Listener

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newForwarder(listen, to string) (*forwarder, error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	f := &forwarder{listener: listener, conns: map[net.Conn]bool{}}
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			go f.carry(in, to)
		}
	}()
	return f, nil
}

func (f *forwarder) carry(in net.Conn, to string) {
	defer in.Close()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	f.mu.Lock()
	if f.conns == nil {
		f.mu.Unlock()
		return
	}
	f.conns[in] = true
	f.mu.Unlock()
	done := make(chan struct{}, 2)
	go func() { io.Copy(out, in); done <- struct{}{} }()
	go func() { io.Copy(in, out); done <- struct{}{} }()
	<-done
	f.mu.Lock()
	delete(f.conns, in)
	f.mu.Unlock()
}

func (f *forwarder) close() {
	f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		c.Close()
	}
	f.conns = nil
}
