// Package client sends commands to a daemon, one connection a command, and
// tells a daemon's no (Refusal) from a daemon that is not there (Unreachable).
//
// It may import wire, and machine/api for the requests and views that a command
// carries.
package client
