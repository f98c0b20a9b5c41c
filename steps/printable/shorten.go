package printable

import "unicode/utf8"

// Shorten returns text in at most limit bytes, cut between two runes and
// marked with an ellipsis if that took anything away.
func Shorten(text string, limit int) string {
	const ellipsis = "…"
	if len(text) <= limit {
		return text
	}
	end := max(limit-len(ellipsis), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
