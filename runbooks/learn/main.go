// Learn makes the built-in data of the releases of Kubespray out of a checkout that has their tags: the files in
// runbooks/releases, from what the releases say and from learn/judgement, and runbooks/checks.json, every assert
// and fail task.
//
//	go run ./runbooks/learn ../kubespray
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"spraydeck/kubespray"
	"spraydeck/learn"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: learn CHECKOUT")
		os.Exit(2)
	}
	if err := write(os.Args[1], "runbooks"); err != nil {
		fmt.Fprintln(os.Stderr, "learn:", err)
		os.Exit(1)
	}
}

func write(checkout, dir string) error {
	c, err := kubespray.Open(checkout)
	if err != nil {
		return err
	}
	files, err := learn.BuiltIn(context.Background(), c, learn.Judgement)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
