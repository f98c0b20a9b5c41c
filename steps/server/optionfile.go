package server

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
)

// optionFile holds the lines of an option file in order.
type optionFile struct {
	sections []string
	options  []option
}

// option is one line of a section. Keys are written with dashes.
type option struct{ section, key, value string }

// readOptionFile reads the format of MySQL's and MariaDB's option files
// (https://mariadb.com/kb/en/configuring-mariadb-with-option-files/), without
// include directives.
func readOptionFile(path string) (optionFile, error) {
	var file optionFile
	// #nosec G304 -- the configuration names it
	f, err := os.Open(path)
	if err != nil {
		return file, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';' || line[0] == '!':
		case line[0] == '[':
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return file, fmt.Errorf("read %s: section %q is not closed", path, line)
			}
			file.sections = append(file.sections, strings.TrimRight(name, " \t"))
		case len(file.sections) == 0:
			return file, fmt.Errorf("read %s: %q stands before any section", path, strings.SplitN(line, "=", 2)[0])
		default:
			key, value, _ := strings.Cut(cutComment(line), "=")
			key = strings.ReplaceAll(strings.TrimSpace(key), "_", "-")
			file.options = append(file.options, option{file.sections[len(file.sections)-1], key, optionValue(value)})
		}
	}
	if err := lines.Err(); err != nil {
		return file, fmt.Errorf("read %s: %w", path, err)
	}
	return file, nil
}

// has reports whether there is such a section, if only an empty one.
func (f optionFile) has(section string) bool { return slices.Contains(f.sections, section) }

// values returns the options of several sections as a program sees them that
// reads these: of one that is given more than once, the last line counts,
// whatever section it is in.
func (f optionFile) values(sections ...string) map[string]string {
	values := map[string]string{}
	for _, o := range f.options {
		if slices.Contains(sections, o.section) {
			values[o.key] = o.value
		}
	}
	return values
}

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
