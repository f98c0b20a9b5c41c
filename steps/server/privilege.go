package server

import (
	"strings"
)

// grantLine is one line of SHOW GRANTS that gives or takes privileges.
type grantLine struct {
	// privileges are in capital letters; those on single columns are left out.
	privileges []string
	// on is what they are for, without quotes: "*.*", "db.*" or "db.table".
	on string
	// revoked tells a line that takes them away again, which MySQL prints
	// where partial revokes are on.
	revoked bool
}

// parseGrant reads a line of SHOW GRANTS. A line that gives roles or the right
// to a proxy, as text or by a table, is none.
// https://dev.mysql.com/doc/refman/8.4/en/show-grants.html
func parseGrant(line string) (grantLine, bool) {
	var g grantLine
	rest, granted := strings.CutPrefix(line, "GRANT ")
	if !granted {
		if rest, g.revoked = strings.CutPrefix(line, "REVOKE "); !g.revoked {
			return g, false
		}
	}
	on := cutOutside(rest, " ON ")
	if len(on) < 2 {
		return g, false
	}
	to := cutOutside(on[1], map[bool]string{false: " TO ", true: " FROM "}[g.revoked])
	if len(to) < 2 {
		return g, false
	}
	for _, name := range cutOutside(on[0], ",") {
		if name = strings.TrimSpace(name); !strings.Contains(name, "(") {
			g.privileges = append(g.privileges, strings.ToUpper(name))
		}
	}
	object := strings.TrimPrefix(to[0], "TABLE ")
	if strings.Contains(object, " ") && !strings.ContainsAny(object, "`\"'") {
		return g, false // FUNCTION, PROCEDURE
	}
	// An underscore that is no wildcard is escaped.
	parts := cutOutside(object, ".")
	for i := range parts {
		parts[i] = strings.ReplaceAll(strings.Trim(parts[i], "`\"'"), `\`, "")
	}
	g.on = strings.ToLower(strings.Join(parts, "."))
	return g, true
}

// parseRoles returns the roles that a line of SHOW GRANTS gives, as it writes
// them, and none for any other line.
func parseRoles(line string) []string {
	rest, granted := strings.CutPrefix(line, "GRANT ")
	if !granted || len(cutOutside(rest, " ON ")) > 1 {
		return nil
	}
	return cutOutside(cutOutside(rest, " TO ")[0], ",")
}

// cutOutside cuts a text at a separator that is not within quotes or
// parentheses: at every comma and dot, but only at the first of any other.
func cutOutside(text, separator string) []string {
	var parts []string
	var quote byte
	depth, begin := 0, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			continue
		case c == '`' || c == '"' || c == '\'':
			quote = c
			continue
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		if depth == 0 && strings.HasPrefix(text[i:], separator) {
			parts = append(parts, text[begin:i])
			begin = i + len(separator)
			if len(separator) > 1 {
				break
			}
			i = begin - 1
		}
	}
	return append(parts, text[begin:])
}

// covers tells whether what a grant is for includes an object.
func (g grantLine) covers(on string) bool {
	schema, _, _ := strings.Cut(on, ".")
	return g.on == "*.*" || g.on == on || g.on == schema+".*"
}
