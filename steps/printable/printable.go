// Package printable makes visible what could steer a terminal, forge a line of
// a log or turn a text around: control characters, marks that change the
// direction of writing, and bytes that are no text. Whatever a tool, a row of a
// table or another program's socket has said goes through it before a person
// or a program is shown it.
//
// What is written for such a character is Go's notation for it, \x1b or \u202e.
// A backslash stays one, so that a text which needs nothing is left to the
// letter, and doing it twice changes nothing.
//
// Every package may import it; it imports nothing of ours.
package printable

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns a text of lines: line breaks and tabs stay.
func Text(text string) string {
	return show(text, func(r rune) bool { return r != '\n' && r != '\t' && hidden(r) })
}

// Line returns a text as one line.
func Line(text string) string { return show(text, hidden) }

// hidden reports whether a rune does something other than being seen. Joiners
// are parts of words and stay.
func hidden(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	// Nearly all there is.
	if r >= ' ' && r < 0x7f {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != nonJoiner && r != joiner
}

func show(text string, hidden func(rune) bool) string {
	plain := func(text string) bool { return utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) }
	if plain(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(text[0]), 16))
		case hidden(r):
			b.WriteString(notation(r))
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// notation is what is written for a rune that is not shown itself.
func notation(r rune) string {
	quoted := strconv.QuoteRuneToASCII(r)
	return quoted[1 : len(quoted)-1]
}
