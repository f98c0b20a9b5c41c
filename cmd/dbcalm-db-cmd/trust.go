package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
)

// trusted is a file or folder that nobody but root and the daemon's user may
// change: the daemon runs it, reads from it what to run, or keeps its ledger
// in it.
type trusted struct {
	// about says which one for people.
	about string
	path  string
}

// trustedPaths are what must be so, by the configuration.
func trustedPaths(c *config.Config) []trusted {
	var list []trusted
	if program, err := os.Executable(); err == nil {
		list = append(list, trusted{"the daemon's program", program})
	}
	if path, err := filepath.Abs(c.Path); err == nil && c.Path != "" {
		list = append(list, trusted{"the configuration", path})
	}
	list = append(list, trusted{"backup_bin", c.BackupBin}, trusted{"server_bin", c.ServerBin})
	for _, hook := range []struct{ key, line string }{{"on_finish", c.OnFinish}, {"forward", c.Forward}, {"retrieve", c.Retrieve}} {
		for _, program := range programsIn(hook.line) {
			list = append(list, trusted{"a program of " + hook.key, program})
		}
	}
	return append(list, trusted{"state_dir", c.StateDir})
}

// programsIn returns the absolute paths in a shell's command line that lead to
// programs: what can be executed, and what a command begins with.
func programsIn(line string) []string {
	var list []string
	for command := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune("|;&\n()", r) }) {
		for i, word := range strings.Fields(command) {
			path := strings.Trim(word, `'"`)
			info, err := os.Stat(path)
			if filepath.IsAbs(path) && err == nil && info.Mode().IsRegular() && (i == 0 || info.Mode().Perm()&0o111 != 0) {
				list = append(list, path)
			}
		}
	}
	return list
}

// checkTrusted refuses what others could change, all of it at once.
func checkTrusted(c *config.Config) error { return errors.Join(exposures(c)...) }

// exposures returns what others could change, and how to end it.
func exposures(c *config.Config) []error {
	var found []error
	for _, t := range trustedPaths(c) {
		if !filepath.IsAbs(t.path) {
			continue
		}
		if err := t.check(os.Geteuid()); err != nil {
			found = append(found, err)
		}
	}
	if info, err := os.Lstat(c.StateDir); err == nil && info.Mode().Perm()&0o077 != 0 {
		found = append(found, fmt.Errorf("state_dir: %s has mode %04o, and nobody else may enter it: chmod 0700 %s",
			c.StateDir, info.Mode().Perm(), job.QuoteWord(c.StateDir)))
	}
	return found
}

// check looks at every folder on the way to a path and at what lies there. A part
// that is not there ends it: the daemon makes it.
func (t trusted) check(own int) error {
	err := disk.CheckGuarded(t.path, own)
	exposed, found := errors.AsType[*disk.Exposed](err)
	switch {
	case err == nil:
		return nil
	case !found:
		return fmt.Errorf("%s: %w", t.about, err)
	case exposed.Owner >= 0:
		return fmt.Errorf("%s: %w: chown -h %s %s", t.about, err, disk.UserName(own), job.QuoteWord(exposed.Path))
	}
	return fmt.Errorf("%s: %w: chmod go-w %s", t.about, err, job.QuoteWord(exposed.Path))
}

// trustCheck is checkTrusted for the doctor.
func trustCheck(c *config.Config, wrong map[string]bool) api.Check {
	const about = "owners"
	if wrong["state_dir"] {
		return steps.NotChecked(about, "the configuration gives no state_dir that could be used")
	}
	err := checkTrusted(c)
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return steps.NewCheck(about, err, "nobody else can change what the daemon runs, what it is configured with and what it keeps")
}
