package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
)

// systemctlMain is a node's systemctl: the verbs a playbook or a tired engineer types, for the two
// units the node has. Exit codes are systemd's.
func systemctlMain(args []string) int {
	req := parseSystemctl(args)
	switch req.verb {
	case "":
		fmt.Fprintln(os.Stderr, "systemctl (lab): say what to do, e.g. systemctl restart kubelet")
		return 1
	case "daemon-reload", "daemon-reexec", "enable", "disable", "mask", "unmask", "reset-failed":
		return 0
	case "reboot":
		return restart()
	case "is-system-running":
		fmt.Println("running")
		return 0
	}
	if len(req.units) == 0 {
		fmt.Fprintf(os.Stderr, "systemctl (lab): %s what? units: kubelet, containerd\n", req.verb)
		return 1
	}
	code := 0
	for _, unit := range req.units {
		if unitText(unit) == "" {
			fmt.Fprintf(os.Stderr, "Unit %s.service could not be found.\n", unit)
			code = 4
			if req.verb == "start" || req.verb == "restart" {
				code = 5
			}
			continue
		}
		if req.verb == "cat" {
			fmt.Printf("# /etc/systemd/system/%s.service\n%s", unit, unitText(unit))
			continue
		}
		state, err := askInit(req.verb, unit)
		if err != nil {
			fmt.Fprintln(os.Stderr, "systemctl (lab):", err)
			return 1
		}
		if c := answer(req, unit, state); c != 0 {
			code = c
		}
	}
	return code
}

type systemctlRequest struct {
	verb       string
	units      []string
	properties []string
	value      bool
	quiet      bool
}

func parseSystemctl(args []string) systemctlRequest {
	var r systemctlRequest
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "-p" && i+1 < len(args):
			i++
			r.properties = append(r.properties, strings.Split(args[i], ",")...)
		case strings.HasPrefix(a, "--property="):
			r.properties = append(r.properties, strings.Split(strings.TrimPrefix(a, "--property="), ",")...)
		case a == "--value":
			r.value = true
		case a == "-q" || a == "--quiet":
			r.quiet = true
		case strings.HasPrefix(a, "-"):
			// --no-pager, --now, -l: nothing to do here
		case r.verb == "":
			r.verb = a
		default:
			r.units = append(r.units, strings.TrimSuffix(a, ".service"))
		}
	}
	return r
}

func askInit(verb, unit string) (unitState, error) {
	var s unitState
	conn, err := net.Dial("unix", initSocket)
	if err != nil {
		return s, err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s\n", verb, unit)
	return s, json.NewDecoder(conn).Decode(&s)
}

func answer(r systemctlRequest, unit string, s unitState) int {
	inactive := 0
	if s.Active != "active" {
		inactive = 3
	}
	switch r.verb {
	case "start", "restart", "reload-or-restart", "stop", "reload", "try-restart":
		if s.Active == "failed" {
			fmt.Fprintf(os.Stderr, "Job for %s.service failed because the control process exited with error code.\n", unit)
			return 1
		}
		return 0
	case "is-active":
		if !r.quiet {
			fmt.Println(s.Active)
		}
		return inactive
	case "is-failed":
		fmt.Println(s.Active)
		if s.Active == "failed" {
			return 0
		}
		return 1
	case "is-enabled":
		if !r.quiet {
			fmt.Println("enabled")
		}
		return 0
	case "status":
		fmt.Printf("● %s.service\n     Loaded: loaded (/etc/systemd/system/%s.service; enabled; vendor preset: enabled)\n", unit, unit)
		fmt.Printf("     Active: %s (%s) since %s\n", s.Active, sub(s), s.Since.Format("Mon 2006-01-02 15:04:05 MST"))
		if s.PID != 0 {
			fmt.Printf("   Main PID: %d (%s)\n", s.PID, unit)
		}
		return inactive
	case "show":
		show(r, unit, s)
		return 0
	}
	fmt.Fprintf(os.Stderr, "Unknown command verb %s.\n", r.verb)
	return 1
}

func sub(s unitState) string {
	switch s.Active {
	case "active":
		return "running"
	case "activating":
		return "auto-restart"
	}
	return "dead"
}

func show(r systemctlRequest, unit string, s unitState) {
	all := []string{"Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "NRestarts", "ActiveEnterTimestamp"}
	values := map[string]string{
		"Id": unit + ".service", "LoadState": "loaded", "ActiveState": s.Active, "SubState": sub(s), "UnitFileState": "enabled",
		"MainPID": fmt.Sprint(s.PID), "NRestarts": fmt.Sprint(s.Restart),
		"ActiveEnterTimestamp": s.Since.Format("Mon 2006-01-02 15:04:05 MST"),
	}
	if len(r.properties) > 0 {
		all = r.properties
	}
	for _, p := range all {
		v, ok := values[p]
		switch {
		case !ok:
		case r.value:
			fmt.Println(v)
		default:
			fmt.Printf("%s=%s\n", p, v)
		}
	}
}
