package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

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
func checkTrusted(c *config.Config) error {
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
		found = append(found, fmt.Errorf("state_dir: %s has mode %04o, and nobody else may enter it: chmod 0700 %s", c.StateDir, info.Mode().Perm(), job.QuoteWord(c.StateDir)))
	}
	return errors.Join(found...)
}

// maxLinks bounds the symbolic links that are followed, as the kernel does.
const maxLinks = 40

// check looks at every folder on the way to a path, symbolic links followed, and
// at what lies there. A part that is not there ends it: the daemon makes it.
func (t trusted) check(own int) error {
	rest := strings.Split(filepath.Clean(t.path), "/")[1:]
	at, links := "/", 0
	if err := t.checkOne(at, own, nil); err != nil {
		return err
	}
	for len(rest) > 0 {
		next := filepath.Join(at, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(next)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.about, err)
		}
		if err := t.checkOne(next, own, info); err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(next)
		if err != nil {
			return fmt.Errorf("%s: %w", t.about, err)
		}
		if links++; links > maxLinks {
			return fmt.Errorf("%s: %s leads through too many links", t.about, t.path)
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.FieldsFunc(target, func(r rune) bool { return r == '/' }), rest...)
	}
	return nil
}

// checkOne refuses a file or folder that belongs to another user, or that others
// may write. Of a sticky folder, that does not let them change what is not
// theirs; of a link, the mode means nothing.
func (t trusted) checkOne(path string, own int, info fs.FileInfo) error {
	if info == nil {
		var err error
		if info, err = os.Lstat(path); err != nil {
			return fmt.Errorf("%s: %w", t.about, err)
		}
	}
	if owner := ownerOf(info); owner != 0 && owner != own {
		return fmt.Errorf("%s: %s belongs to %s, who could change it: chown -h %s %s", t.about, path, disk.UserName(owner), disk.UserName(own), job.QuoteWord(path))
	}
	writable := info.Mode().Perm()&0o022 != 0
	if !writable || info.Mode()&fs.ModeSymlink != 0 || info.IsDir() && info.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	return fmt.Errorf("%s: %s has mode %04o, so that others can change it: chmod go-w %s", t.about, path, info.Mode().Perm(), job.QuoteWord(path))
}

// ownerOf returns the user a file belongs to; -1 where that is not known.
func ownerOf(info fs.FileInfo) int {
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return -1
	}
	return int(owner.Uid)
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
