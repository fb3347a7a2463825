// Package transcript is the journal of a run on disk: write, verify, read, find, print.
//
// A run is a directory with one file, transcript.jsonl: a header line, then one event per line, each line bound to the
// one before by a hash. docs/transcript.md is the format; this package is its only reader and writer.
//
// Rules of the package:
//
//   - An event is in the file before Append returns, so that nothing is shown that a killed
//     console would lose. What a power failure may cost is at most one second of output.
//   - A journal that could not be written stays broken: every later Append gives the same error, and the run stops.
//   - Secrets are masked on the way in. There is no unmasked copy to forget about.
//   - A file is never changed except at its end. Repair cuts a line that was half written, and nothing else.
//   - Nothing is believed without the hash chain, and the chain is no seal: who can write the file can write all of it
//     again. Verify gives a digest to keep elsewhere, such as in the change ticket.
//
// It knows the types of package event and nothing of terminals, clusters or commands.
package transcript
