// Package ui is the console: what the operator sees of a run, and what the operator says to it.
//
// Everything on the screen is folded from the run's events into an event.State; the screens draw that state and nothing
// else. A live run, a rehearsal and a replay are therefore one and the same screen.
//
// The rules of the house:
//
//   - Only Console's model is a tea.Model. Parts are structs with SetSize, HandleKey, View and Keys. HandleKey returns
//     what the operator meant (an action) or nil if the key means nothing to the part; the root acts on it.
//   - Update does no work that can wait on anything: no files, no network, no locks held by others.
//   - Colour never carries a meaning alone: a word or a sign says the same.
//   - What came from outside (output, names, evidence) goes through package safetext before it is drawn.
//   - The package decides nothing about the run. It asks, shows and passes on.
package ui
