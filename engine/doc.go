// Package engine runs a runbook: it plans the steps, checks gates, asks the operator, runs the commands, offers remedies
// and emits an event for all of it. Start reading at Run.Go.
//
// What the engine needs to know about the system that a runbook works on comes through the runbook language; everything
// outside is reached through Env.
package engine
