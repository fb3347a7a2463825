// Package eventtest holds a sample run for tests of what shows events.
package eventtest
