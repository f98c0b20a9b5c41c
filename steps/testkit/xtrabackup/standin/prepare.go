package main

import (
	"errors"
	"os"
	"path/filepath"
)

func (v version) prepare(c commandLine) error {
	target, incremental := c.values["target-dir"], c.values["incremental-dir"]
	// The real one would work on with a guess, or with another server's settings.
	if c.defaultsFile != filepath.Join(target, "backup-my.cnf") {
		return errors.New("the settings of the backup were not read: --defaults-file must name its backup-my.cnf")
	}
	state, err := readCheckpoints(target)
	if err != nil {
		return err
	}
	switch state["backup_type"] {
	case "full-backuped":
		v.note("This target seems to be not prepared yet.")
	case logApplied:
		v.note("This target seems to be already prepared with --apply-log-only.")
	case fullPrepared:
		v.note("This target seems to be already prepared.")
	default:
		return words("This target seems not to have correct metadata...")
	}
	if incremental != "" {
		if err := v.joins(target, state, incremental); err != nil {
			return err
		}
	} else if state["backup_type"] == fullPrepared {
		// As mariabackup calls what is prepared.
		if err := setCheckpoint(target, "backup_type", logApplied); err != nil {
			return err
		}
	}
	for _, folder := range []string{target, incremental} {
		err := os.Rename(filepath.Join(folder, ownLog), filepath.Join(folder, workerLog))
		if folder != "" && err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := work(append([]string{"--prepare"}, c.pass()...)...); err != nil {
		return err
	}
	after := fullPrepared
	if c.has("apply-log-only") {
		after = logApplied
	}
	return setCheckpoint(target, "backup_type", after)
}

// joins refuses an incremental that is not for the target, as far as this
// version sees that.
func (v version) joins(target string, state map[string]string, incremental string) error {
	next, err := readCheckpoints(incremental)
	if err != nil {
		return err
	}
	if state["backup_type"] != logApplied {
		return words("applying incremental backup needs target prepared with --apply-log-only.")
	}
	if state["to_lsn"] == next["from_lsn"] {
		return nil
	}
	if v.age == v23 {
		// It was seen to apply one without the one before it, and to call that a
		// success; mariabackup would not.
		return setCheckpoint(target, "to_lsn", next["from_lsn"])
	}
	return words("This incremental backup seems not to be proper for the target. " +
		"Check 'to_lsn' of the target and 'from_lsn' of the incremental.")
}

func (v version) copyBack(c commandLine) error {
	if !c.has("datadir") {
		return words("datadir must be specified.")
	}
	if state, err := readCheckpoints(c.values["target-dir"]); err != nil || v.modern() && state["backup_type"] != fullPrepared {
		return errors.Join(err, words("The target is not fully prepared. Please prepare it without option --apply-log-only"))
	}
	how := "--copy-back"
	if c.has("move-back") {
		how = "--move-back"
	}
	return work(append([]string{how}, c.pass()...)...)
}
