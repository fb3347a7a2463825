package ansible

// Pending gives the failure whose end has not been read yet, as far as it goes, or nil. It may still turn out to be ignored.
func (r *Reader) Pending() *Result {
	switch {
	case r.open != nil && r.open.Status.Bad():
		res := *r.open
		res.read(r.body)
		return &res
	case r.held != nil && r.held.Status.Bad():
		res := *r.held
		return &res
	}
	return nil
}
