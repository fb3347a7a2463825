package workstation

import (
	"encoding/json"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// tellEvery is the shortest time between two notices of new output to a console.
const tellEvery = 4 * time.Millisecond

// controlServer is where a supervisor receives consoles: any number at once, each of which may type and stop. None of
// them can hold up the command.
type controlServer struct {
	socket net.Listener
	keys   *keys
	stops  chan string
	quit   chan struct{}
	mask   func(secrets ...string)
	asked  chan struct{} // closed once a console wants what was printed

	mu     sync.Mutex
	guests map[*client]bool
	wanted bool // asked is closed
}

type client struct {
	conn  net.Conn
	more  chan struct{}
	wants bool // what the command printed, and no news of it; under mu of the server
}

// open lets consoles in.
func (d *controlServer) open(mask func(secrets ...string)) {
	d.mask = mask
	go func() {
		for {
			conn, err := d.socket.Accept()
			if err != nil {
				return
			}
			if !own(conn) {
				conn.Close()
				continue
			}
			g := &client{conn: conn, more: make(chan struct{}, 1)}
			g.more <- struct{}{} // whatever came before
			d.mu.Lock()
			if d.guests == nil {
				d.guests = map[*client]bool{}
			}
			d.guests[g] = true
			d.mu.Unlock()
			go d.listen(g)
			go d.report(g)
		}
	}()
}

// own says whether the process at the other end is of the same user, or root, whom no check would stop. The socket's mode says
// the same; this holds where a file system has no modes, or somebody changed them.
func own(conn net.Conn) bool {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return false
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return false
	}
	var peer *syscall.Ucred
	if e := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); e != nil || err != nil {
		return false
	}
	return peer.Uid == 0 || int(peer.Uid) == os.Geteuid()
}

// tell notifies the consoles of new output. It never waits.
func (d *controlServer) tell() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for g := range d.guests {
		select {
		case g.more <- struct{}{}:
		default:
		}
	}
}

// report notifies one console of more output until it is gone. One that is suspended keeps only this goroutine waiting.
func (d *controlServer) report(g *client) {
	for range g.more {
		if d.wanting(g) {
			continue
		}
		if _, err := g.conn.Write([]byte{'\n'}); err != nil {
			return
		}
		time.Sleep(tellEvery)
	}
}

func (d *controlServer) wanting(g *client) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return g.wants
}

func (d *controlServer) listen(g *client) {
	defer func() {
		g.conn.Close()
		d.mu.Lock()
		delete(d.guests, g)
		close(g.more)
		d.mu.Unlock()
	}()
	in := json.NewDecoder(g.conn)
	for {
		var r request
		if in.Decode(&r) != nil {
			return
		}
		if len(r.Mask) > 0 {
			d.mask(r.Mask...)
		}
		if len(r.Keys) > 0 {
			d.keys.press(r.Keys)
		}
		if r.Give {
			d.mu.Lock()
			if !d.wanted {
				d.wanted = true
				close(d.asked)
			}
			g.wants = true
			d.mu.Unlock()
		}
		if r.End {
			d.keys.end()
		}
		if r.Stop != "" {
			select {
			case d.stops <- r.Stop:
			default: // it is being stopped
			}
		}
	}
}

// close sends everybody away: how the command ended is in the spool now.
func (d *controlServer) close() {
	d.socket.Close() // also removes it
	d.mu.Lock()
	defer d.mu.Unlock()
	for g := range d.guests {
		g.conn.Close()
	}
}
