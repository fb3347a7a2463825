package symptom

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// watch is the conditions that a line cannot express, as operators' notes tell them.
func watch(t *testing.T) *Set {
	t.Helper()
	re := regexp.MustCompile
	s, err := New([]Pattern{
		{ID: "many-pods", Line: re(`^(?P<pod>\S+)\s+0/1\s+CreateContainerConfigError\s.*\s(?P<node>node\d)$`),
			Condition: Condition{Count: 2, Distinct: "pod", By: []string{"node"}, Within: 2 * time.Minute}},
		{ID: "no-cert", Line: re(`"msg":"created temporary db file"`), Condition: Condition{Unless: []Relation{{Then: "saved", Within: time.Minute}}}},
		{ID: "saved", Line: re(`^Snapshot saved at (?P<path>\S+)$`), Quiet: true},
		{ID: "lost", Line: re(`^(?P<node>node\d)\s+NotReady\s`), Condition: Condition{Unless: []Relation{{Since: "restart", Within: 10 * time.Minute, By: []string{"node"}}}}},
		{ID: "restart", Line: re(`^(?P<node>node\d): restarting`), Quiet: true},
		{ID: "no-reset", Line: re(`^From (?P<from>\S+) icmp_seq=\d+ Destination Host Unreachable`), Condition: Condition{Lasts: 15 * time.Minute, By: []string{"from"}}},
		{ID: "address-gone", Line: re(`^(?P<svc>\S+)\s+LoadBalancer\s+\S+\s+<pending>\s`), Condition: Condition{Needs: []Relation{{Since: "had-address", By: []string{"svc"}}}}},
		{ID: "had-address", Line: re(`^(?P<svc>\S+)\s+LoadBalancer\s+\S+\s+[\d.]+\s`), Quiet: true},
		{ID: "stuck", Line: re(`^evicting (?P<pod>\S+)$`), Condition: Condition{Needs: []Relation{{Then: "refused", Within: time.Minute, By: []string{"pod"}}}}},
		{ID: "refused", Line: re(`^refused (?P<pod>\S+)$`), Quiet: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConditions(t *testing.T) {
	set := watch(t)
	row := func(pod, node string) string {
		return pod + "   0/1   CreateContainerConfigError   0   9m   10.0.0.1   " + node
	}
	type at struct {
		after time.Duration
		line  string
	}
	for _, tt := range []struct {
		name  string
		lines []at
		want  []string // IDs, a hint with a question mark
	}{
		{"two pods of one node", []at{{0, row("a", "node1")}, {time.Minute, row("b", "node1")}}, []string{"many-pods"}},
		{"one pod twice", []at{{0, row("a", "node1")}, {time.Minute, row("a", "node1")}}, nil},
		{"two nodes", []at{{0, row("a", "node1")}, {time.Minute, row("b", "node2")}}, nil},
		{"too far apart", []at{{0, row("a", "node1")}, {3 * time.Minute, row("b", "node1")}}, nil},
		{"the third is near the second", []at{{0, row("a", "node1")}, {3 * time.Minute, row("b", "node1")}, {4 * time.Minute, row("c", "node1")}}, []string{"many-pods"}},
		{"saved", []at{{0, `{"msg":"created temporary db file"}`}, {50 * time.Second, "Snapshot saved at x"}, {2 * time.Minute, "done"}}, nil},
		{"not saved", []at{{0, `{"msg":"created temporary db file"}`}, {61 * time.Second, "still there"}}, []string{"no-cert"}},
		{"saved late", []at{{0, `{"msg":"created temporary db file"}`}, {70 * time.Second, "Snapshot saved at x"}}, []string{"no-cert"}},
		{"the end comes first", []at{{0, `{"msg":"created temporary db file"}`}, {10 * time.Second, "killed"}}, []string{"no-cert?"}},
		{"being restarted", []at{{0, "node1: restarting"}, {5 * time.Minute, "node1   NotReady   <none>"}}, nil},
		{"restarted long ago", []at{{0, "node1: restarting"}, {11 * time.Minute, "node1   NotReady   <none>"}}, []string{"lost"}},
		{"another is restarted", []at{{0, "node1: restarting"}, {time.Minute, "node2   NotReady   <none>"}}, []string{"lost"}},
		{"a short silence", []at{{0, "From 10.0.0.1 icmp_seq=1 Destination Host Unreachable"}, {14 * time.Minute, "From 10.0.0.1 icmp_seq=840 Destination Host Unreachable"}}, nil},
		{"a long silence", []at{{0, "From 10.0.0.1 icmp_seq=1 Destination Host Unreachable"}, {15 * time.Minute, "From 10.0.0.1 icmp_seq=900 Destination Host Unreachable"}}, []string{"no-reset"}},
		{"never had an address", []at{{0, "web   LoadBalancer   10.233.1.1   <pending>   80"}}, nil},
		{"had an address", []at{{0, "web   LoadBalancer   10.233.1.1   192.168.1.9   80"}, {time.Hour, "web   LoadBalancer   10.233.1.1   <pending>   80"}}, []string{"address-gone"}},
		{"another had one", []at{{0, "api   LoadBalancer   10.233.1.1   192.168.1.9   80"}, {time.Hour, "web   LoadBalancer   10.233.1.1   <pending>   80"}}, nil},
		{"needed and came", []at{{0, "evicting a"}, {30 * time.Second, "refused a"}}, []string{"stuck"}},
		{"needed, another came", []at{{0, "evicting a"}, {30 * time.Second, "refused b"}}, nil},
		{"needed, came late", []at{{0, "evicting a"}, {61 * time.Second, "refused a"}}, nil},
	} {
		start := time.Date(2025, 9, 1, 6, 0, 0, 0, time.UTC)
		t.Run(tt.name, func(t *testing.T) {
			stream := set.Stream()
			var hits []Hit
			var file strings.Builder
			var end time.Time
			for _, l := range tt.lines {
				end = start.Add(l.after)
				hits = append(hits, stream.Feed(Input{}, l.line, end)...)
				file.WriteString(end.Format("2006-01-02T15:04:05Z07:00") + " " + l.line + "\n")
			}
			hits = append(hits, stream.End(end)...)
			if got := names(hits); !slices.Equal(got, tt.want) {
				t.Errorf("as it came: %v, want %v", got, tt.want)
			}
			if got := names(scanAll(t, set, file.String())); !slices.Equal(got, tt.want) {
				t.Errorf("in a file with times: %v, want %v", got, tt.want)
			}
			syslog := strings.Builder{}
			for _, l := range tt.lines {
				syslog.WriteString(start.Add(l.after).Format("Jan _2 15:04:05") + " n1 prog[1]: " + l.line + "\n")
			}
			if got := names(scanAll(t, set, syslog.String())); !slices.Equal(got, tt.want) {
				t.Errorf("in a journal: %v, want %v", got, tt.want)
			}
		})
	}
}

func names(hits []Hit) []string {
	var list []string
	for _, h := range hits {
		if h.Hint {
			h.ID += "?"
		}
		list = append(list, h.ID)
	}
	return list
}

// TestNoTimes: where a log tells no times, what follows from times is a hint, and what follows from the order is not.
func TestNoTimes(t *testing.T) {
	set := watch(t)
	for text, want := range map[string][]string{
		"a   0/1   CreateContainerConfigError   0   9m   10.0.0.1   node1\nb   0/1   CreateContainerConfigError   0   9m   10.0.0.1   node1\n": {"many-pods?"},
		"node1: restarting\nnode1   NotReady   <none>\n":                                                         {"lost?"},
		"node1   NotReady   <none>\n":                                                                            {"lost"},
		"{\"msg\":\"created temporary db file\"}\nSnapshot saved at x\n":                                         nil,
		"{\"msg\":\"created temporary db file\"}\nkilled\n":                                                      {"no-cert?"},
		"web   LoadBalancer   10.233.1.1   192.168.1.9   80\nweb   LoadBalancer   10.233.1.1   <pending>   80\n": {"address-gone"},
		"web   LoadBalancer   10.233.1.1   <pending>   80\nweb   LoadBalancer   10.233.1.1   192.168.1.9   80\n": nil,
	} {
		if got := names(scanAll(t, set, text)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestAlarm: a stream says when a hit will be due though nothing more is printed.
func TestAlarm(t *testing.T) {
	stream := watch(t).Stream()
	start := time.Date(2025, 9, 1, 6, 0, 0, 0, time.UTC)
	if at := stream.Next(); !at.IsZero() {
		t.Fatalf("an alarm for nothing at %v", at)
	}
	// what the line tells of itself is hours old: what counts is when it came
	stream.Feed(Input{}, `2025-09-01T01:00:00Z {"msg":"created temporary db file"}`, start)
	at := stream.Next()
	if d := at.Sub(start); d < time.Minute || d > time.Minute+time.Second {
		t.Fatalf("the alarm is after %v", d)
	}
	if hits := stream.Flush(at.Add(-time.Second)); len(hits) != 0 {
		t.Fatalf("too early: %v", hits)
	}
	if hits := names(stream.Flush(at)); !slices.Equal(hits, []string{"no-cert"}) {
		t.Fatalf("%v", hits)
	}
}

// TestHost: host is a group like any other, named by the line or else by where it came from.
func TestHost(t *testing.T) {
	s, err := New([]Pattern{{ID: "late", Line: regexp.MustCompile(`kubelet is late`), Condition: Condition{Count: 2, By: []string{Host}}}})
	if err != nil {
		t.Fatal(err)
	}
	stream, now := s.Stream(), time.Now()
	stream.Feed(Input{Host: "n1"}, "kubelet is late", now)
	if hits := stream.Feed(Input{Host: "n2"}, "kubelet is late", now); len(hits) > 0 {
		t.Errorf("two hosts: %v", hits)
	}
	hits := stream.Feed(Input{Host: "bastion"}, "Sep  1 06:06:47 n1 kubelet[1]: kubelet is late", now)
	if len(hits) != 1 || hits[0].Groups[Host] != "n1" {
		t.Errorf("named by the journal: %+v", hits)
	}
}

func TestNewRefuses(t *testing.T) {
	re := regexp.MustCompile
	for want, list := range map[string][]Pattern{
		"no expression":            {{ID: "a"}},
		"matches the empty line":   {{ID: "a", Line: re(`x*`)}},
		"used twice":               {{ID: "a", Line: re(`x`)}, {ID: "a", Line: re(`y`)}},
		"has no group pod":         {{ID: "a", Line: re(`x`), Condition: Condition{Distinct: "pod"}}},
		`names "b", which is none`: {{ID: "a", Line: re(`x`), Condition: Condition{Unless: []Relation{{Then: "b"}}}}},
		"beats b, which is none":   {{ID: "a", Line: re(`x`), Beats: []string{"b"}}},
	} {
		if _, err := New(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestClockOfNode: in a stream, a line without a time is compared with others by when they came, whatever the clock of the
// node that wrote those says.
func TestClockOfNode(t *testing.T) {
	set := watch(t)
	stream := set.Stream()
	now := time.Date(2025, 9, 1, 6, 0, 0, 0, time.UTC)
	hits := stream.Feed(Input{}, `{"ts":"2025-09-01T05:50:00Z","msg":"created temporary db file"}`, now)
	hits = append(hits, stream.Feed(Input{}, "Snapshot saved at x", now.Add(time.Second))...)
	if hits = append(hits, stream.End(now.Add(2*time.Second))...); len(hits) > 0 {
		t.Errorf("%v", hits)
	}
}
