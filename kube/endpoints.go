package kube

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// A control-plane address that needs longer is as good as dead in a window; with another address to
// try, the whole round must fit into one sign of life.
const (
	dialTimeout      = 3 * time.Second
	dialTimeoutFirst = 1500 * time.Millisecond
)

// endpoints dials the server of the kubeconfig and, only when that does not accept a connection, the
// other control-plane nodes the cluster told us about. It works below TLS: an endpoint must show
// a certificate for the name in the kubeconfig, and no request was sent yet, so none is sent twice.
type endpoints struct {
	server string // host:port of the kubeconfig; "" switches the feature off

	mu     sync.Mutex
	others []string
	last   string
}

func newEndpoints(config *rest.Config) *endpoints {
	server, err := url.Parse(config.Host)
	if err != nil || server.Host == "" {
		return &endpoints{}
	}
	host, port := server.Hostname(), server.Port()
	if port == "" {
		port = map[string]string{"http": "80"}[server.Scheme]
		if port == "" {
			port = "443"
		}
	}
	e := &endpoints{server: net.JoinHostPort(host, port)}
	e.last = e.server
	return e
}

// learn replaces the other addresses by those of the control plane's nodes.
func (e *endpoints) learn(config *rest.Config, nodes []Node) {
	// Without verification anybody could answer in place of the server.
	if e.server == "" || config.Insecure || !strings.HasPrefix(config.Host, "https://") {
		return
	}
	host, port, _ := net.SplitHostPort(e.server)
	var others []string
	for _, n := range nodes {
		if n.InternalIP != "" && n.InternalIP != host && (slices.Contains(n.Roles, "control-plane") || slices.Contains(n.Roles, "master")) {
			others = append(others, net.JoinHostPort(n.InternalIP, port))
		}
	}
	slices.Sort(others)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.others = others
}

func (e *endpoints) current() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

func (e *endpoints) elsewhere() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last != e.server
}

func (e *endpoints) dial(ctx context.Context, network, address string) (net.Conn, error) {
	e.mu.Lock()
	others := slices.Clone(e.others)
	e.mu.Unlock()
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	if len(others) > 0 && address == e.server {
		d.Timeout = dialTimeoutFirst
	}
	conn, err := d.DialContext(ctx, network, address)
	// Another address is a proxy of the operator's; leave it alone.
	if address != e.server {
		return conn, err
	}
	if err == nil {
		e.used(address)
		return conn, nil
	}
	for _, other := range others {
		if conn, otherErr := d.DialContext(ctx, network, other); otherErr == nil {
			e.used(other)
			return conn, nil
		}
	}
	// The first failure is the one the operator can act on.
	return nil, err
}

func (e *endpoints) used(address string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = address
}
