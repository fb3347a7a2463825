package cli

import (
	"spraydeck/engine"
	"spraydeck/runbook"
)

// loadRunbook reads the library and finds a runbook in it, by its name or its file.
func loadRunbook(o *options, name string) (*library, *runbook.Runbook, error) {
	lib, err := load(o)
	if err != nil {
		return nil, nil, err
	}
	book, err := lib.runbook(name)
	return lib, book, err
}

// giveInventory sets the input inventory to the one of the command line, if the runbook has that input.
func giveInventory(o *options, book *runbook.Runbook, inputs map[string]string) {
	if _, has := book.Inputs.Get("inventory"); has && o.inventory != "" {
		inputs["inventory"] = o.inventory
	}
}

// env returns the engine's access to the real machines and cluster.
func (o *world) env(inputs map[string]string) engine.Env {
	return engine.Env{Exec: o.exec(), Learn: o.learn, Inputs: inputs}
}

// checkEnv is env for checks: every question is declined.
func (o *world) checkEnv(inputs map[string]string) engine.Env {
	env := o.env(inputs)
	env.Ask = declined
	return env
}
