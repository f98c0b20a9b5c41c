// Package pager shows a long text to somebody at a terminal, with the program
// that reads such texts there, such as less.
//
// It starts that program, and nothing else does: work on the host is a step's.
// It imports nothing of ours.
package pager
