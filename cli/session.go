package cli

import (
	"spraydeck/engine"
	"spraydeck/kubespray"
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
func giveInventory(o *options, book *runbook.Runbook, dir string, inputs map[string]string) {
	if _, has := book.Inputs.Get("inventory"); !has {
		return
	}
	if o.inventory != "" {
		inputs["inventory"] = o.inventoryFrom(dir)
	}
	giveInventoryDir(book, dir, inputs)
}

// giveInventoryDir returns the directory of the inventory's variables with the inputs: it depends on whether that is a file.
func giveInventoryDir(book *runbook.Runbook, dir string, inputs map[string]string) {
	if _, has := book.Inputs.Get("inventory_dir"); has && inputs["inventory"] != "" && inputs["inventory_dir"] == "" {
		inputs["inventory_dir"] = kubespray.VarsDir(dir, inputs["inventory"])
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
