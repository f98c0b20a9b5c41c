package printable

import (
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns a JSON text with Text applied to all its strings, whatever they
// belong to. The text must be valid; what it means else stays the same.
func JSON(text []byte) []byte {
	// Most answers have none of what needs a closer look.
	if !slices.ContainsFunc(text, func(b byte) bool { return b == '\\' || b >= 0x7f }) {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for len(text) > 0 {
		r, size := nextRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			out = append(out, `\\x`+strconv.FormatUint(uint64(text[0]), 16)...)
		case r == '\n' || r == '\t' || !hidden(r):
			out = append(out, text[:size]...)
		default:
			out = append(append(out, '\\'), notation(r)...)
		}
		text = text[size:]
	}
	return out
}

// nextRune reads a rune of JSON text, escaped or not, and the number of bytes
// it takes.
func nextRune(text []byte) (r rune, size int) {
	if text[0] != '\\' || len(text) < 2 {
		return utf8.DecodeRune(text)
	}
	switch text[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'r':
		return '\r', 2
	case 'u':
		high, ok := hex(text)
		if !ok {
			return '\\', 1
		}
		if utf16.IsSurrogate(high) {
			if low, ok := hex(text[6:]); ok && utf16.DecodeRune(high, low) != utf8.RuneError {
				return utf16.DecodeRune(high, low), 12
			}
		}
		return high, 6
	}
	// Of the others none is hidden: a quote, a slash, and what stays, a line break
	// and a tab. The backslash takes what follows it along.
	return '\\', 2
}

// hex reads an escape of four digits.
func hex(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	number, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(number), err == nil
}
