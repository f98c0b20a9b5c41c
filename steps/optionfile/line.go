package optionfile

import "strings"

// cutComment takes off what follows a # that is not within quotes, where a
// backslash makes the next character an ordinary one.
func cutComment(line string) string {
	var quote byte
	escaped := false
	for i := range len(line) {
		c := line[i]
		switch {
		case (c == '"' || c == '\'') && !escaped && quote == 0:
			quote = c
		case c == quote && !escaped:
			quote = 0
		case c == '#' && quote == 0:
			return line[:i]
		}
		escaped = quote != 0 && c == '\\' && !escaped
	}
	return line
}

// optionValue takes blanks, the quotes around the whole, and escapes off a
// value.
func optionValue(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		text = text[1 : n-1]
	}
	return optionEscapes.Replace(text)
}

var optionEscapes = strings.NewReplacer(`\\`, `\`, `\s`, " ", `\t`, "\t", `\n`, "\n", `\r`, "\r", `\b`, "\b", `\"`, `"`, `\'`, "'")

// directive returns what a line that begins with ! includes: a file, or all of
// a folder. Of any other the server takes no notice.
func directive(line string) (path string, folder, found bool) {
	line = strings.TrimSpace(line[1:])
	for _, word := range []string{"includedir", "include"} {
		rest, is := strings.CutPrefix(line, word)
		if is && (rest == "" || strings.ContainsRune(blanks, rune(rest[0]))) {
			return strings.TrimSpace(rest), word == "includedir", true
		}
	}
	return "", false, false
}

const blanks = " \t\v\f\r"

// normalize returns a key as all of its spellings are: with dashes, in small
// letters, and without the prefix by which a program that does not know it is to
// pass it over.
func normalize(key string) string {
	key = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(key), "_", "-"))
	for {
		rest, loose := strings.CutPrefix(key, "loose-")
		if !loose {
			return key
		}
		key = rest
	}
}
