package sshx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxHops ends a ProxyJump that leads back to itself.
const maxHops = 8

// hop is one connection on the way to a host. Hosts behind the same jump hosts
// share the connections to them, by key.
type hop struct {
	key    string
	target *target
}

// route plans the connections to host, in the order they are made; the last one
// is host itself. Planning all of it before anything is dialled means that a
// circle is an error and can not become two dials waiting for each other.
func (c *Client) route(ctx context.Context, host string) ([]hop, error) {
	o := c.options(host)
	if !slices.ContainsFunc(o.Args, func(a string) bool { return strings.HasPrefix(a, "-F") }) {
		o.ConfigFile = or(o.ConfigFile, c.configFile)
	}
	t, err := resolve(ctx, host, o)
	if err != nil {
		return nil, notResolved(host, err)
	}
	if t.needs != "" { // jump hosts, too, are its own doing
		return []hop{{target: t}}, nil
	}
	hops, err := jumps(ctx, t, o.ConfigFile, maxHops)
	if err != nil {
		return nil, notResolved(host, err)
	}
	for _, h := range hops {
		if h.target.needs != "" {
			t.needs = h.target.needs + " of " + h.target.name
			return []hop{{target: t}}, nil
		}
	}
	return append(hops, hop{target: t}), nil
}

func notResolved(host string, err error) error {
	u := &UnreachableError{Host: host, Op: "find the way to", Err: err,
		hint: "correct ssh_config or the inventory; see what is in force with: ssh -G " + host}
	var config *configError
	if errors.As(err, &config) {
		u.hint = config.hint
	}
	return u
}

// jumps lists the hops before t. As with ssh -J, only the first jump host of a
// list uses its own ProxyJump; the others are reached through the one before.
func jumps(ctx context.Context, t *target, configFile string, left int) ([]hop, error) {
	var hops []hop
	for i, spec := range t.jump {
		if left -= 1; left < 0 {
			return nil, errors.New("ProxyJump leads in a circle, or through more than " + strconv.Itoa(maxHops) + " hosts")
		}
		name, o, err := parseJump(spec)
		if err != nil {
			return nil, err
		}
		o.ConfigFile = configFile
		j, err := resolve(ctx, name, o)
		if err != nil {
			return nil, fmt.Errorf("jump host %s: %w", spec, err)
		}
		if i == 0 {
			if hops, err = jumps(ctx, j, configFile, left); err != nil {
				return nil, err
			}
		}
		key := "jump " + configFile + "\n" + spec
		if len(hops) > 0 {
			key = hops[len(hops)-1].key + "," + spec
		}
		hops = append(hops, hop{key: key, target: j})
	}
	return hops, nil
}

// parseJump reads [user@]host[:port] or ssh://[user@]host[:port]; an IPv6
// address with a port is in brackets.
func parseJump(spec string) (string, Options, error) {
	var o Options
	rest := strings.TrimSuffix(strings.TrimPrefix(spec, "ssh://"), "/")
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		o.User, rest = rest[:i], rest[i+1:]
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil { // no port, or an IPv6 address without brackets
		return strings.Trim(rest, "[]"), o, nil
	}
	if o.Port, err = strconv.Atoi(port); err != nil {
		return "", o, fmt.Errorf("read ProxyJump: %q has no valid port", spec)
	}
	return host, o, nil
}

// dialRoute makes the connections of the way, sharing all but the last, and
// returns the last. A kept connection to a jump host may turn out to have ended
// while it was used; then the way is tried once more, with a new one.
func (c *Client) dialRoute(ctx context.Context, way []hop) (*conn, error) {
	cn, via, err := c.dialRouteOnce(ctx, way)
	if err == nil || via == nil {
		return cn, err
	}
	select {
	case <-via.gone:
		cn, _, err = c.dialRouteOnce(ctx, way)
	case <-time.After(200 * time.Millisecond): // what broke here is noticed there a moment later
	}
	return cn, err
}

// dialRouteOnce also returns the last jump host it went through.
func (c *Client) dialRouteOnce(ctx context.Context, way []hop) (cn, via *conn, err error) {
	last := len(way) - 1
	host := way[last].target.name
	for _, h := range way[:last] {
		before := via
		cn, err := c.shared(ctx, h.key, func(ctx context.Context) (*conn, error) {
			return c.dial(ctx, h.target, before)
		})
		if err != nil {
			return nil, via, throughJump(host, h.target.name, err)
		}
		via = cn
	}
	cn, err = c.dial(ctx, way[last].target, via)
	return cn, via, err
}

// throughJump says for which host the jump host was needed, and keeps the kind
// and the hint of what went wrong.
func throughJump(host, jump string, err error) error {
	u := &UnreachableError{Host: host, Op: "connect through " + jump + " to", Err: err}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		u.hint = hinted.Hint()
	}
	return u
}
