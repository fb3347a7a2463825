package notify

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is what a webhook is sent.
type request struct {
	method, address, contentType string
	body                         any
}

// formats are the requests of the receivers that people have. Each is the smallest one that the receiver's documentation
// names for a message or a comment.
var formats = map[string]func(r Rule, m Message, lang string) request{
	"cloudevents": cloudEvent,
	"slack":       post("text"),
	"github":      post("body"),
	"gitlab":      post("body"),
	"jira":        post("body"),
	"matrix":      matrix,
	"servicenow": func(r Rule, m Message, lang string) request {
		return request{http.MethodPatch, r.Webhook, "application/json", map[string]string{"work_notes": text(r, m, lang)}}
	},
	"teams": teams,
}

// formatNames lists the formats of a webhook.
func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

func text(r Rule, m Message, lang string) string {
	s := "spraydeck: " + m.Line(lang)
	if r.Output && m.Output != "" {
		s += "\n" + m.Output
	}
	return s
}

func post(key string) func(Rule, Message, string) request {
	return func(r Rule, m Message, lang string) request {
		return request{http.MethodPost, r.Webhook, "application/json", map[string]string{key: text(r, m, lang)}}
	}
}

// cloudEvent is an event in CloudEvents' structured mode (version 1.0).
func cloudEvent(r Rule, m Message, lang string) request {
	data := map[string]any{"occasion": m.Occasion, "run": m.Run, "runbook": m.Runbook, "cluster": m.Cluster, "operator": m.Operator, "step": m.Step,
		"title": m.Title.In(lang), "text": m.Text.In(lang)}
	if r.Output && m.Output != "" {
		data["output"] = m.Output
	}
	return request{http.MethodPost, r.Webhook, "application/cloudevents+json", map[string]any{
		"specversion": "1.0", "id": m.id(), "source": "spraydeck/" + url.PathEscape(m.Cluster), "type": "spraydeck." + string(m.Occasion),
		"time": m.Time.Format(time.RFC3339Nano), "datacontenttype": "application/json", "data": data,
	}}
}

// matrix puts a message into a room: the address ends in /send/m.room.message, to which the transaction's id is added.
func matrix(r Rule, m Message, lang string) request {
	return request{http.MethodPut, strings.TrimSuffix(r.Webhook, "/") + "/" + url.PathEscape(m.id()), "application/json",
		map[string]string{"msgtype": "m.text", "body": text(r, m, lang)}}
}

// teams is an adaptive card, as a workflow of Teams takes it.
func teams(r Rule, m Message, lang string) request {
	card := map[string]any{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"body": []any{map[string]any{"type": "TextBlock", "wrap": true, "text": text(r, m, lang)}}}
	return request{http.MethodPost, r.Webhook, "application/json", map[string]any{"type": "message",
		"attachments": []any{map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}}}
}

func (q request) bytes() []byte {
	b, _ := json.Marshal(q.body) // maps of strings
	return b
}
