package main

import (
	"fmt"
	"slices"
)

// renamed are the options that got other names: the old ones are warned of, and
// both together refused.
// https://docs.percona.com/percona-xtrabackup/8.4/release-notes/8.4.0-8.html
// https://docs.percona.com/percona-xtrabackup/9.7/release-notes/9.7.2-2.html
// test/suites/main/t/incremental_option_names.sh of percona/percona-xtrabackup has the words.
var renamed = map[string]string{
	"apply-log-only":      "apply-redo-only",
	"incremental-basedir": "backup-incremental-base",
	"incremental-dir":     "prepare-incremental-from-dir",
}

// renames tells whether this version has the new names.
func (v version) renames() bool { return v.since("8.4.0-8", "9.7.2-2") }

// firstName returns an option's first name, by which the rest of the program goes,
// and notes in the command line what was given by it.
func (v version) firstName(name string, into *commandLine) (string, error) {
	if !v.renames() {
		return name, nil
	}
	for old, now := range renamed {
		if name != old && name != now {
			continue
		}
		if into.has(old) && (name == now) == slices.Contains(into.old, old) {
			return "", fmt.Errorf("--%s and --%s are the same option; pass only one", old, now)
		}
		if name == old && !into.has(old) {
			into.old = append(into.old, old)
		}
		return old, nil
	}
	return name, nil
}

// arrivals are the options that came within a series, with the first versions
// that have them: the release notes of these say so.
// https://docs.percona.com/percona-xtrabackup/8.0/release-notes.html
var arrivals = map[string][]string{
	"page-tracking":           {"8.0.27", "8.4.0", "9.7.0"},
	"no-server-version-check": {"8.0.21", "8.4.0", "9.7.0"},
}

// knows reports whether this version has an option.
func (v version) knows(o option) bool {
	if first, late := arrivals[o.name]; late && !v.since(first...) {
		return false
	}
	return o.first <= v.age && v.age <= o.last
}

// help prints the options, as --help does; to stdout.
func (v version) help() {
	fmt.Println("Open source backup tool for InnoDB and XtraDB")
	for _, o := range options {
		if !v.knows(o) {
			continue
		}
		names := []string{o.name}
		if now, found := renamed[o.name]; found && v.renames() {
			names = append(names, now)
		}
		for _, name := range names {
			if o.value != noValue {
				name += "=name"
			}
			fmt.Println("  --" + name)
		}
	}
}
