package steps

import (
	"fmt"
	"strings"
	"testing"

	"spraydeck/event"
)

func TestSnapshot(t *testing.T) {
	for _, c := range []struct {
		name, status, size string
		exit               int
		want               string
	}{
		{"sound", `{"hash": 823515107, "revision": 9, "totalKey": 3578, "totalSize": 42000000}`, "42000032", 0, ""},
		{"hangs without certificates", "", "", 124, "waits for ever"},
		{"refused", "", "", 1, "exit code 1"},
		{"empty", `{"hash": 0, "totalKey": 0, "totalSize": 0}`, "0", 0, "is empty"},
		{"cut off", `{"hash": 1, "totalKey": 10, "totalSize": 42000000}`, "1000", 0, "its file has 1000"},
		{"no answer", `snapshot file does not exist`, "1", 0, "cannot be read"},
	} {
		s := &snapshot{File: template(t, "/var/backups/before.db")}
		tk, ran := task(func(cmd event.Command) (string, int, error) {
			switch {
			case strings.Contains(cmd.Line, "snapshot save"):
				return "Snapshot saved at /var/backups/before.db\n", c.exit, nil
			case strings.Contains(cmd.Line, "snapshot status"):
				return c.status, 0, nil
			}
			return c.size, 0, nil
		}, "e1")
		_, err := s.Run(t.Context(), tk)
		if got := fmt.Sprint(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) && c.want != "" {
			t.Errorf("%s: %v", c.name, err)
		}
		described(t, s, tk, *ran)
		if !strings.Contains((*ran)[0], "timeout 60 etcdctl snapshot save") || !strings.Contains((*ran)[0], ". /etc/etcd.env") {
			t.Errorf("saving runs %q", (*ran)[0])
		}
	}
}
