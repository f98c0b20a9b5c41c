package tool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	want := Checkpoints{Type: "incremental", FromLSN: 18446744073709551610, ToLSN: 18446744073709551614, LastLSN: 18446744073709551615}
	text := testkit.Checkpoints(want.Type, "18446744073709551610", "18446744073709551614", "18446744073709551615")
	for _, name := range []string{"xtrabackup_checkpoints", "mariadb_backup_checkpoints"} {
		dir := t.TempDir()
		testkit.Write(t, dir, map[string]string{name: text})
		if got, err := ReadCheckpoints(dir); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
		}
	}
}

func TestCheckpointsAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "xtrabackup_checkpoints is empty",
		"\n\n":                                   "xtrabackup_checkpoints is empty",
		"\x00\x00\x00":                           "xtrabackup_checkpoints is empty",
		"backup_type: full-backuped\n":           "xtrabackup_checkpoints is empty",
		testkit.Checkpoints("", "0", "1", "1"):   "names no backup_type",
		testkit.Checkpoints("x", "", "1", "1"):   `from_lsn of xtrabackup_checkpoints is "", not a number`,
		testkit.Checkpoints("x", "0", "-1", "1"): `to_lsn of xtrabackup_checkpoints is "-1", not a number`,
		testkit.Checkpoints("x", "0", "1", "0x1"): `last_lsn of xtrabackup_checkpoints is "0x1", not a number`,
		"backup_type = x\nfrom_lsn = 0\nto_ls":    "not a number",
		strings.Repeat("x", 2<<20):                "token too long",
	} {
		dir := t.TempDir()
		testkit.Write(t, dir, map[string]string{"xtrabackup_checkpoints": text})
		_, err := ReadCheckpoints(dir)
		testkit.Says(t, err, "read metadata", want)
	}
	_, err := ReadCheckpoints(t.TempDir())
	testkit.Says(t, err, "xtrabackup_checkpoints is missing")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "xtrabackup_checkpoints"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = ReadCheckpoints(dir)
	testkit.Says(t, err, "it is a folder, and only regular files are read here")
}

func TestProofOfABackup(t *testing.T) {
	t.Parallel()
	base := &Checkpoints{Type: "full-backuped", ToLSN: 100}
	for name, test := range map[string]struct {
		files map[string]string
		spoil func(map[string]string)
		base  *Checkpoints
		want  string
	}{
		"a full backup":               {testkit.Metadata("full-backuped", "0", "100"), nil, nil, ""},
		"an incremental":              {testkit.Metadata("incremental", "100", "150"), nil, base, ""},
		"an incremental without news": {testkit.Metadata("incremental", "100", "100"), nil, base, ""},
		"by MariaDB 11": {map[string]string{
			"mariadb_backup_checkpoints": testkit.Checkpoints("full-backuped", "0", "1", "1"), "mariadb_backup_info": "uuid = 1\n",
			"backup-my.cnf": "[mysqld]\na=b\n"}, nil, nil, ""},
		"no checkpoints": {testkit.Metadata("full-backuped", "0", "100"),
			func(f map[string]string) { delete(f, "xtrabackup_checkpoints") }, nil, "xtrabackup_checkpoints is missing"},
		"no info": {testkit.Metadata("full-backuped", "0", "100"), func(f map[string]string) { delete(f, "xtrabackup_info") },
			nil, "xtrabackup_info is missing"},
		"empty info": {testkit.Metadata("full-backuped", "0", "100"), func(f map[string]string) { f["xtrabackup_info"] = "" }, nil,
			"xtrabackup_info is empty"},
		"no options": {testkit.Metadata("full-backuped", "0", "100"), func(f map[string]string) { delete(f, "backup-my.cnf") },
			nil, "backup-my.cnf is missing"},
		"empty options": {testkit.Metadata("full-backuped", "0", "100"),
			func(f map[string]string) { f["backup-my.cnf"] = "[mysqld]\n" }, nil, "backup-my.cnf is empty"},
		"an end before the start": {testkit.Metadata("full-backuped", "200", "100"), nil, nil, "ends at LSN 100 before it begins at 200"},
		"an incremental for a full": {testkit.Metadata("incremental", "0", "100"), nil, nil,
			"a full backup was asked for, the tool made one of type incremental from LSN 0"},
		"a full from somewhere": {testkit.Metadata("full-backuped", "5", "100"), nil, nil,
			"a full backup was asked for, the tool made one of type full-backuped from LSN 5"},
		"a full for an incremental": {testkit.Metadata("full-backuped", "0", "150"), nil, base,
			"an incremental from LSN 100 was asked for, the tool made one of type full-backuped from LSN 0"},
		"an incremental on another": {testkit.Metadata("incremental", "90", "150"), nil, base,
			"an incremental from LSN 100 was asked for, the tool made one of type incremental from LSN 90"},
		"a prepared one": {testkit.Metadata("log-applied", "0", "100"), nil, nil, "type log-applied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.spoil != nil {
				test.spoil(test.files)
			}
			dir := t.TempDir()
			testkit.Write(t, dir, test.files)
			_, err := ProveBackup(dir, test.base)
			if test.want != "" {
				testkit.Says(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProofOfAPreparedChain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind, to, tool string
		more           bool
		want           string
	}{
		{"log-applied", "100", "mariabackup", false, ""},
		{"log-applied", "100", "mariabackup", true, ""},
		{"full-prepared", "100", "xtrabackup", false, ""},
		{"log-applied", "100", "xtrabackup", true, ""},
		{"log-applied", "100", "xtrabackup", false, "the tool left the chain in state log-applied instead of full-prepared"},
		{"full-prepared", "100", "xtrabackup", true, "the tool left the chain in state full-prepared instead of log-applied"},
		{"full-backuped", "100", "xtrabackup", false, "the tool left the chain unprepared (type full-backuped)"},
		{"incremental", "100", "mariabackup", false, "the tool left the chain unprepared (type incremental)"},
		{"log-applied", "90", "mariabackup", false, "the tool prepared the chain up to LSN 90, not 100"},
		{"log-applied", "many", "mariabackup", false, "not a number"},
	} {
		dir := t.TempDir()
		testkit.Write(t, dir, testkit.Metadata(test.kind, "0", test.to))
		err := ProvePrepared(dir, 100, test.tool, test.more)
		if test.want != "" {
			testkit.Says(t, err, test.want)
		} else if err != nil {
			t.Errorf("%s: %v", test.kind, err)
		}
	}
}
