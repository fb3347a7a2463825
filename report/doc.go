// Package report turns a transcript into what is handed in after a maintenance window: Markdown and one HTML file for the
// ticket, a terminal recording, plain text, one JSON document.
//
// Rules:
//   - It reads a transcript and nothing else: what is not in there is not in a report, and what was masked stays masked.
//   - A transcript of any size goes through in little memory. A report keeps the two ends of long outputs and says how
//     much it omitted; the recording, the text and the JSON have all of it.
//   - Nothing that a remote command printed can act on the reader's terminal or browser. It is shown instead.
//   - A transcript that does not verify is exported all the same, and says so first.
package report
