// Package engine runs a runbook: it plans the steps, checks gates, asks the operator, runs the commands, offers remedies
// and emits an event for all of it. Start reading at Run.Go.
//
// NewRun takes a linked runbook and an Env: how to run a command (Exec), whom to ask (Ask), where events go (Sink). The
// zero value of every other field of Env is a sensible default. Go returns how the run ended, with the exit code for the
// shell; its error is for what stopped the engine itself, such as a journal that cannot be written, and never for a step
// that failed. To rehearse, take Exec, Ask and Sleep from a Recording; to resume, set Env.PriorRun.
//
// What the engine needs to know about the system that a runbook works on comes through the runbook language; everything
// outside is reached through Env. An event is handed to Sink before anything depends on it, and if Sink fails, nothing more runs.
package engine
