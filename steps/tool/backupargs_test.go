package tool

import (
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestBackupArgsAreChecked(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"--throttle=40", "--no-lock", "--safe-slave-backup", "--kill-long-queries-timeout=20",
		"--ftwrl-wait-timeout=60", "--history=nightly", "--no-version-check",
		"--component-keyring-config=/etc/my keyring.cnf", "--keyring_file_data=/var/keyring", "--skip-strict", "--lock-ddl=ON",
		"--slave-info", "--log-copy-interval=100", "--check-privileges"} {
		if err := CheckBackupArg(arg); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
	}
	for arg, want := range map[string]string{
		"":                            "not an option: write each as one text, such as --throttle=40",
		"throttle=40":                 "not an option",
		"secret":                      "not an option",
		"-psecret":                    "not an option",
		"--":                          "not an option",
		"--throttle 40":               "not an option",
		"--throttle=40\n--backup":     "not an option",
		"--password=secret":           "--password is not to be given here: everybody could read it: write it into the credentials file",
		"--PassWord=secret":           "--password is not to be given here",
		"--loose-password=secret":     "--password is not to be given here",
		"--pass=secret":               "--pass could be taken for --password: write the option's whole name",
		"--encrypt-key=secret":        "everybody could read it: name the key's file or the keyring",
		"--transition-key=secret":     "everybody could read it",
		"--target-dir=/elsewhere":     "--target-dir is not to be given here: the daemon sets it itself: leave it out",
		"--target_dir=/elsewhere":     "--target-dir is not to be given here",
		"--apply-log-only":            "the daemon sets it itself",
		"--defaults-file=/etc/my.cnf": "the daemon sets it itself",
		"--datadir=/x":                "set the key data_dir",
		"--parallel=8":                "set the key parallel",
		"--use-memory=1G":             "set the key use_memory",
		"--host=db":                   "set the key host",
		"--socket=/x":                 "write it into the credentials file",
		"--compress=zstd":             "set the key compression",
		"--compress":                  "set the key compression",
		"--encrypt=AES256":            "such a backup could be neither proved nor prepared",
		"--tables=^shop[.]":           "a backup of some tables cannot be restored as a whole",
		"--databases-exclude=x":       "a backup of some tables",
		"--lock-ddl=REDUCED":          "use --lock-ddl=ON or OFF",
	} {
		err := CheckBackupArg(arg)
		testkit.Says(t, err, want)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}

func TestBackupArgsApplyWhereTheyMeanSomething(t *testing.T) {
	t.Parallel()
	h := newTool(t)
	h.Args = []string{"--throttle=40", "--component-keyring-config=/etc/k.cnf", "--generate-transition-key", "--skip-strict",
		"--xtrabackup_plugin_dir=/p"}
	backup := h.BackupCommand(xtrabackup, server.Credentials{Socket: "/s"}, nil, "/d", "/t", Base{})
	if !slices.Equal(backup.Args[len(backup.Args)-5:], h.Args) {
		t.Errorf("a backup has %q", backup.Args)
	}
	for what, spec := range map[string]job.Spec{"prepare": h.PrepareCommand(xtrabackup, "/t", true),
		"apply": h.ApplyCommand(xtrabackup, "/t", "/i", false)} {
		line := spec.Line()
		if !strings.Contains(line, " --component-keyring-config=/etc/k.cnf --skip-strict --xtrabackup_plugin_dir=/p ") ||
			strings.Contains(line, "throttle") || strings.Contains(line, "transition") {
			t.Errorf("%s: %s", what, line)
		}
	}
}
