package ansible_test

import (
	"fmt"
	"strings"

	"spraydeck/ansible"
)

// A failure that "...ignoring" follows was recovered: the first failure is the other one.
func ExampleStory() {
	var story ansible.Story
	reader := ansible.Reader{Each: story.Add}
	for line := range strings.Lines(`
TASK [etcd : Look for a member] ************************************************
fatal: [node1]: FAILED! => {"changed": false, "msg": "no member"}
...ignoring
TASK [etcd : Start etcd] *******************************************************
fatal: [node1]: FAILED! => {"changed": false, "msg": "Unable to start service etcd"}
PLAY RECAP *********************************************************************
node1                      : ok=1    changed=0    unreachable=0    failed=1    skipped=0    rescued=0    ignored=1
`) {
		reader.Line([]byte(strings.TrimSuffix(line, "\n")))
	}
	reader.Close()
	story.End()
	first := story.First()
	fmt.Printf("%s on %s: %s\n", first.Name(), first.Host, first.Innermost())
	// Output: Start etcd on node1: Unable to start service etcd
}
