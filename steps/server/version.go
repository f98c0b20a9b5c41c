package server

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Series returns the first two numbers of a version: releases of one series
// read each other's files.
func Series(version string) string {
	number := versionNumber.FindString(version)
	parts := strings.SplitN(number, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}

// AtLeast reports whether a version is the given one or a later one.
func AtLeast(version string, numbers ...int) bool {
	parts := strings.Split(versionNumber.FindString(version), ".")
	for i, want := range numbers {
		got := 0
		if i < len(parts) {
			// No number in it, no version: the oldest.
			got, _ = strconv.Atoi(parts[i])
		}
		if got != want {
			return got > want
		}
	}
	return true
}

var versionNumber = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

// The databases the daemon can serve.
const (
	MariaDB = "mariadb"
	MySQL   = "mysql"
)

// FlavourOf returns which of them presents itself with a text, such as its version
// with the comment behind it: MariaDB always names itself.
func FlavourOf(text string) string {
	if strings.Contains(strings.ToLower(text), MariaDB) {
		return MariaDB
	}
	return MySQL
}

// CheckServer refuses a server of another kind than the configured one, and one whose
// tool would read the credentials otherwise than the daemon does.
func (srv *Server) CheckServer(info Info) error {
	if info.Flavour == srv.DBType {
		return srv.checkSpelling(info)
	}
	return fmt.Errorf("the server is %s %s, but db_type says %s: correct db_type, or socket or host in the credentials file",
		info.Flavour, info.Version, srv.DBType)
}
