package sshx

import (
	"bufio"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"strings"
)

// The scripts need nothing on a node but sh and coreutils, or busybox.
//
//go:embed node/*.sh
var scripts embed.FS

var (
	startScript  = script("place", "lend", "follow", "start")
	attachScript = script("place", "follow", "attach")
	stopScript   = script("place", "lend", "stop")
	sudoScript   = script("lend", "sudo")
	checkScript  = script("place", "lend", "check")
	cleanScript  = script("place", "clean")
	gatherScript = script("gather")
)

// script joins files, without what only their readers need.
func script(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		f, err := scripts.Open("node/" + name + ".sh")
		if err != nil {
			panic(err)
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
				b.WriteString(line + "\n")
			}
		}
		f.Close()
	}
	return b.String()
}

// shellLine is the command line that runs a script with its arguments, for any login shell. It replaces that shell, so that
// the script leads the session.
func (c *Client) shellLine(script string, args ...string) string {
	words := []string{"exec " + c.shell + " -c", quote(script), "spraydeck"}
	for _, a := range args {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// newMark returns a mark and the half of it that is passed to the script.
func newMark() (mark, half string) {
	var b [12]byte
	rand.Read(b[:]) // never fails
	half = hex.EncodeToString(b[:])
	return half + ":" + half, half
}
