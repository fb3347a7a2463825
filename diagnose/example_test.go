package diagnose_test

import (
	"context"
	"fmt"
	"strings"

	"spraydeck/diagnose"
)

// Without any pitfall the summary of the first failure remains.
func ExampleKnowledge_Read() {
	knowledge := diagnose.New(nil, nil)
	report, err := knowledge.Read(context.Background(), strings.NewReader(`
TASK [etcd : Start etcd] *******************************************************
fatal: [node1]: FAILED! => {"changed": false, "msg": "Unable to start service etcd"}
`), "upgrade.log")
	if err != nil {
		panic(err)
	}
	fmt.Printf("line %d, %s: %s\n", report.Failure.Line, report.Failure.Host, report.Failure.Message)
	// Output: line 3, node1: Unable to start service etcd
}
