package plain_test

import (
	"context"
	"fmt"
	"os"

	"spraydeck/event"
	"spraydeck/plain"
)

// Where nobody can be asked, a question ends unanswered and the hint names what to add to an answers file.
func ExampleRefuseAll() {
	ask := plain.RefuseAll()
	_, err := ask(context.Background(), event.Question{ID: "start", Form: event.AskApprove, Title: event.T("Begin?")})
	fmt.Println(err)
}

func ExamplePrinter() {
	p := plain.New(os.Stdout, plain.Options{})
	p.Emit(event.Event{Data: event.Remark{Text: event.T("the checks are made again")}})
	// Output: note  the checks are made again
}
