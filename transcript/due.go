package transcript

import "spraydeck/event"

// Due returns what a run has loosened for the time of the work and not put back.
func Due(dir string) (due event.Due, err error) {
	r, err := Read(dir)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for e, err := range r.WithoutOutput() {
		if err != nil {
			return due, err
		}
		due.See(e.Data)
	}
	return due, nil
}
