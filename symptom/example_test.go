package symptom_test

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"spraydeck/symptom"
)

func Example() {
	set, err := symptom.New([]symptom.Pattern{
		{ID: "refused", Line: regexp.MustCompile(`dial tcp (?P<address>\S+): connect: connection refused`)},
	})
	if err != nil {
		panic(err)
	}
	stream := set.Stream()
	log := "TASK [kubeadm : join] ****\nfatal: [n2]: dial tcp 10.0.0.5:6443: connect: connection refused\n"
	for line := range strings.Lines(log) {
		for _, hit := range stream.Feed(symptom.Input{}, strings.TrimSuffix(line, "\n"), time.Time{}) {
			fmt.Printf("line %d, task %q: %s %s\n", hit.Line, hit.Task, hit.ID, hit.Groups["address"])
		}
	}
	// Output: line 2, task "kubeadm : join": refused 10.0.0.5:6443
}
