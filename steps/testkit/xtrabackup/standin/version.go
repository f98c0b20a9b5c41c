package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The series, in the order of their age.
var series = []string{"2.3", "2.4", "8.0", "8.4", "9.7"}

// version is the XtraBackup that this is.
type version struct {
	full string
	// age is the place of its series.
	age int
	// numbers are those it is made of: 8, 4, 0, 8 for 8.4.0-8.
	numbers []int
}

// servers are the series of MySQL that each series backs up, and basedOn the
// MySQL that it calls itself based on.
// https://docs.percona.com/percona-xtrabackup/8.4/server-backup-version-comparison.html
// https://docs.percona.com/percona-xtrabackup/9.7/release-notes/9.7.2-2.html
var (
	servers = [][]string{{"5.6"}, {"5.6", "5.7"}, {"8.0"}, {"8.4"}, {"9.7"}}
	basedOn = []string{"5.6.24", "5.7.44", "8.0.35", "8.4.0", "9.7.2"}
)

func identify(full string) (version, error) {
	v := version{full: full, numbers: numbers(full),
		age: slices.IndexFunc(series, func(s string) bool { return strings.HasPrefix(full, s+".") })}
	if v.age < 0 {
		return v, fmt.Errorf("XTRABACKUP_STANDIN is %q: it must begin with one of %v", full, series)
	}
	return v, nil
}

// numbers returns the numbers that a version begins with.
func numbers(version string) (list []int) {
	for _, field := range strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '-' }) {
		n, err := strconv.Atoi(field)
		if err != nil {
			break
		}
		list = append(list, n)
	}
	return list
}

// since reports whether this is one of the given versions or a later one of the
// same series. Of a series that is not among them it says no.
func (v version) since(versions ...string) bool {
	return slices.ContainsFunc(versions, func(first string) bool {
		return strings.HasPrefix(first, series[v.age]+".") && slices.Compare(v.numbers, numbers(first)) >= 0
	})
}

// modern reports whether it is of 8.0 or later.
func (v version) modern() bool { return v.age >= 2 }

// banner is what every version prints first, and all that --version prints; to
// stderr.
func (v version) banner() {
	fmt.Fprintf(os.Stderr, "xtrabackup version %s based on MySQL server %s Linux (x86_64) (revision id: 0000000)\n", v.full, basedOn[v.age])
}

// note prints a line as this version does.
func (v version) note(text string) {
	if v.modern() {
		fmt.Fprintf(os.Stderr, "%s 0 [Note] [MY-011825] [Xtrabackup] %s\n", time.Now().Format("2006-01-02T15:04:05.000000-07:00"), text)
		return
	}
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format("060102 15:04:05"), text)
}

// warn prints a warning as this version does.
func (v version) warn(text string) {
	fmt.Fprintf(os.Stderr, "%s 0 [Warning] [MY-011825] [Xtrabackup] %s\n", time.Now().Format("2006-01-02T15:04:05.000000-07:00"), text)
}

// complain prints an error as this version does.
func (v version) complain(text string) {
	if v.modern() {
		fmt.Fprintf(os.Stderr, "%s 0 [ERROR] [MY-011825] [Xtrabackup] %s\n", time.Now().Format("2006-01-02T15:04:05.000000-07:00"), text)
		return
	}
	fmt.Fprintf(os.Stderr, "xtrabackup: error: %s\n", text)
}

// words are an error's text as the real one writes it.
type words string

func (w words) Error() string { return string(w) }
