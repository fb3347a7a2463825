package workstation

import (
	"encoding/json"
	"hash/maphash"
	"io"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// What a command printed is in the spool masked. A program that asked for it needs the bytes themselves: they are in the
// memory of the supervisor, and go from there to the console over the socket, never to a disk.

const (
	givenLimit = 4 << 20          // bytes of a stream that are held: as much as a result has
	giveFor    = time.Minute      // how long a console that does not read is waited for
	askWithin  = 10 * time.Second // how long a command may have ended before its console asks
)

// given is what a supervisor says at the end to a console that asked for it: the streams that masking changed.
type given map[string][]byte

// original is one stream as it was printed.
type original struct {
	name string

	mu             sync.Mutex
	held           []byte
	printed, wrote maphash.Hash // of all that was printed, and of all that was written
}

var hashSeed = maphash.MakeSeed()

// around returns the writer of a stream: mask makes of it what is written to the spool.
func (o *original) around(spool io.Writer, mask func(io.Writer) io.WriteCloser) io.WriteCloser {
	o.printed.SetSeed(hashSeed)
	o.wrote.SetSeed(hashSeed)
	return &doubled{o, mask(io.MultiWriter(spool, &o.wrote))}
}

type doubled struct {
	*original
	masked io.WriteCloser
}

func (d *doubled) Write(p []byte) (int, error) {
	d.mu.Lock()
	d.printed.Write(p)
	d.held = append(d.held, p[:min(len(p), givenLimit-len(d.held))]...)
	d.mu.Unlock()
	return d.masked.Write(p)
}

func (d *doubled) Close() error { return d.masked.Close() }

// exact says, of a stream that has ended, whether masking left it as it was.
func (o *original) exact() bool { return o.printed.Sum64() == o.wrote.Sum64() }

// give hands a console what it asked for. It is waited for as long as giveFor, no longer: the command has ended.
func (d *controlServer) give(list []*original) {
	all := given{}
	for _, o := range list {
		if !o.exact() {
			all[o.name] = o.held
		}
	}
	if len(all) == 0 {
		return
	}
	told, err := json.Marshal(all)
	if err != nil {
		return
	}
	select {
	case <-d.asked:
	case <-time.After(askWithin):
	}
	d.mu.Lock()
	guests := make([]*client, 0, len(d.guests))
	for g := range d.guests {
		if g.wants {
			guests = append(guests, g)
		}
	}
	d.mu.Unlock()
	var gone sync.WaitGroup
	for _, g := range guests {
		gone.Go(func() {
			g.conn.SetWriteDeadline(time.Now().Add(giveFor))
			_, _ = g.conn.Write(told)
		})
	}
	gone.Wait()
}

// Original gives, once [Job.Follow] has returned, the beginning of a stream as the command printed it, where what Follow
// delivered is a masked copy; nil if it is no longer known.
func (j *Job) Original(stream string) (all []byte, masked bool) {
	e := j.ending()
	if e == nil || slices.Contains(e.Exact, stream) {
		return nil, false
	}
	if j.given == nil {
		return nil, true
	}
	return j.given[stream], true
}

// expect asks the supervisor for what the command prints. The channel delivers it, or the news that nothing will come.
func (j *Job) expect() <-chan given {
	conn := dial(j.dir, filepath.Base(j.names.sock))
	if conn == nil {
		return nil
	}
	if json.NewEncoder(conn).Encode(request{Give: true}) != nil {
		conn.Close()
		return nil
	}
	got := make(chan given, 1)
	go func() {
		defer conn.Close()
		var all given
		if json.NewDecoder(conn).Decode(&all) != nil {
			all = nil
		}
		got <- all
	}()
	j.mu.Lock()
	j.giving = conn
	j.mu.Unlock()
	return got
}

// take waits for what the supervisor gives at the end.
func (j *Job) take(got <-chan given) {
	e := j.ending()
	if got == nil || e == nil || (slices.Contains(e.Exact, "stdout") && slices.Contains(e.Exact, "stderr")) {
		return
	}
	select {
	case j.given = <-got:
	case <-time.After(giveFor):
	}
}

// quit closes a connection that may be none.
func quit(conn net.Conn) {
	if conn != nil {
		conn.Close()
	}
}
