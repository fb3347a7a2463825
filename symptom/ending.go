package symptom

import "sync"

// ending is the place in a playbook in which a block of a text ends, for the block behind it, which is read at the same
// time. It is waited for only where it matters: nearly every line of a playbook's output looks like those that count in a
// few tasks, and no line of a journal does.
type ending struct {
	done chan struct{} // closed when the block has been read, and place says what it tells

	mu     sync.Mutex
	place  place
	before *ending // what the block does not tell; nil once place is whole
}

// wait returns the place once it is known.
func (e *ending) wait() place {
	<-e.done
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.before != nil {
		e.place, e.before = e.place.after(e.before.wait()), nil
	}
	return e.place
}
