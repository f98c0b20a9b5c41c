// Package human writes values the way a person reads them: sizes, times,
// numbers of things, and text of other programs made safe for a terminal.
//
// It owns how these look wherever they are shown, and imports none of ours.
package human
