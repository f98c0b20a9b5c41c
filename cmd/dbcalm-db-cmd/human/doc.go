// Package human writes values the way a person reads them: sizes, times,
// numbers of things, and text of other programs within a line or a margin.
//
// It owns how these look wherever they are shown, and of ours imports what makes text
// printable alone.
package human
