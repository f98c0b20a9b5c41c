package tool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// refusedArgs are the options that backup_args may not hold, and what to do
// instead. Some the daemon sets itself; the others would make a backup that it
// cannot restore, or show a secret to everybody who lists processes.
var refusedArgs = []struct {
	advice string
	names  []string
}{
	{"the daemon sets it itself: leave it out", []string{"backup", "prepare", "copy-back", "move-back", "target-dir",
		"incremental-basedir", "incremental-dir", "incremental-lsn", "incremental-history-name", "incremental-history-uuid",
		"backup-incremental-base", "prepare-incremental-from-dir", "apply-log-only", "apply-redo-only",
		"stream", "extra-lsndir", "defaults-file", "defaults-extra-file", "defaults-group-suffix",
		"defaults-group", "no-defaults", "login-path", "print-defaults", "print-param", "version", "help"}},
	{"set the key data_dir", []string{"datadir"}},
	{"set the key parallel", []string{"parallel"}},
	{"set the key use_memory", []string{"use-memory", "use-free-memory-pct"}},
	{"set the key host", []string{"host"}},
	{"write it into the credentials file", []string{"user", "port", "socket", "protocol"}},
	{"everybody could read it: write it into the credentials file", []string{"password"}},
	{"everybody could read it: name the key's file or the keyring", []string{"encrypt-key", "transition-key"}},
	{"set the key compression", []string{"compress", "compress-threads", "compress-chunk-size", "compress-zstd-level"}},
	{"such a backup could be neither proved nor prepared: leave it out", []string{"encrypt", "encrypt-key-file",
		"encrypt-threads", "encrypt-chunk-size", "decompress", "decrypt", "remove-original", "export", "compact",
		"fifo-streams", "fifo-dir"}},
	{"a backup of some tables cannot be restored as a whole: leave it out", []string{"tables", "tables-file",
		"tables-exclude", "databases", "databases-file", "databases-exclude"}},
}

// preparing are the options of backup_args that the tool is given again when
// it prepares: how it finds the keyring and its plugins, and what bounds it.
var preparing = append([]string{"xtrabackup-plugin-dir", "plugin-dir", "plugin-load", "tmpdir", "open-files-limit",
	"no-server-version-check", "strict", "rocksdb-datadir", "rocksdb-wal-dir"},
	slices.DeleteFunc(slices.Clone(keyringOptions), func(name string) bool { return name == "generate-transition-key" })...)

// optionName is the name of a long option as the tools see it: a dash for an
// underscore, and without what may stand before a name.
func optionName(arg string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for _, modifier := range []string{"loose-", "skip-", "disable-", "enable-", "maximum-"} {
		name = strings.TrimPrefix(name, modifier)
	}
	return name
}

// CheckBackupArg refuses a text of backup_args: one that is no long option, or
// one that is not to be given there. The error says what would do instead and
// shows no value, which might be a secret.
func CheckBackupArg(arg string) error {
	name := optionName(arg)
	if !strings.HasPrefix(arg, "--") || name == "" || strings.ContainsAny(arg, "\n\x00") || strings.ContainsAny(name, " \t") {
		return errors.New("not an option: write each as one text, such as --throttle=40")
	}
	if name == "lock-ddl" && strings.HasSuffix(strings.ToLower(arg), "=reduced") {
		return errors.New("--lock-ddl=REDUCED is not to be given here: tables that change meanwhile could not be told from damage; " +
			"use --lock-ddl=ON or OFF")
	}
	for _, refused := range refusedArgs {
		if slices.Contains(refused.names, name) {
			return fmt.Errorf("--%s is not to be given here: %s", name, refused.advice)
		}
	}
	for _, refused := range refusedArgs {
		// The tools take the beginning of a name for the name.
		i := slices.IndexFunc(refused.names, func(n string) bool { return strings.HasPrefix(n, name) })
		if i >= 0 && !slices.Contains(wholeNames, name) {
			return fmt.Errorf("--%s could be taken for --%s: write the option's whole name", name, refused.names[i])
		}
	}
	return nil
}

// wholeNames are those of options that another, refused one begins with.
var wholeNames = []string{"log"}

// prepareArgs are those of backup_args that apply when the tool prepares.
func (t *Tool) prepareArgs() []string {
	return slices.DeleteFunc(slices.Clone(t.Args), func(arg string) bool { return !slices.Contains(preparing, optionName(arg)) })
}
