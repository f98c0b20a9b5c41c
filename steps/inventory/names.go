package inventory

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// encoded matches a character that is written as its number in the name of a
// table's file.
// https://mariadb.com/kb/en/identifier-to-file-name-mapping/
var encoded = regexp.MustCompile(`@[0-9a-f]{4}`)

// TableName returns the name of the table that a file is of, as a person knows
// it: database.table. A partition keeps its mark.
func TableName(file string) string {
	name := strings.TrimSuffix(file, path.Ext(file))
	if !strings.Contains(file, "/") {
		return file
	}
	name = encoded.ReplaceAllStringFunc(name, func(text string) string {
		number, err := strconv.ParseUint(text[1:], 16, 32)
		if err != nil {
			return text
		}
		// #nosec G115 -- four hexadecimal digits
		return string(rune(number))
	})
	if database, options := strings.CutSuffix(name, "/db"); options && path.Ext(file) == ".opt" {
		return "the settings of database " + database
	}
	return strings.Replace(name, "/", ".", 1)
}

// NameTables names the tables that files are of, at most so many of them.
func NameTables(files []string, most int) string {
	var names []string
	seen := map[string]bool{}
	for _, file := range files {
		if name := TableName(file); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// NameBroken names what is broken, and why, at most so many of it.
func NameBroken(broken []Broken, most int) string {
	var names []string
	for _, b := range broken[:min(most, len(broken))] {
		names = append(names, TableName(b.File)+" ("+b.Why+")")
	}
	if more := len(broken) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
