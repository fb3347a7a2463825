//go:build deps

package main

import (
	_ "charm.land/glamour/v2"
	_ "github.com/pkg/sftp"
	_ "github.com/rogpeppe/go-internal/testscript"
)
