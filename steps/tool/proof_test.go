package tool

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

func TestProofOfARun(t *testing.T) {
	t.Parallel()
	const fine = "[00] 2026-11-22 20:37:39 completed OK!\n"
	for name, test := range map[string]struct {
		result job.Result
		want   []string
	}{
		"success":                 {job.Result{Tail: fine}, nil},
		"success with more blank": {job.Result{Tail: "Copying\n" + fine + " \n\n"}, nil},
		"no last line": {job.Result{Tail: "Copying ./ibdata1\n"},
			[]string{`tool ended without saying "completed OK!"`, "last lines of the program:\nCopying ./ibdata1"}},
		"more after the last line": {job.Result{Tail: fine + "Segmentation fault\n"}, []string{`without saying "completed OK!"`}},
		"nothing said":             {job.Result{}, []string{`tool ended without saying "completed OK!"`}},
		"an exit code":             {job.Result{ExitCode: 1, Tail: fine}, []string{"tool failed with exit code 1"}},
		"a signal":                 {job.Result{ExitCode: -1, Signal: "SIGSEGV", Tail: fine}, []string{"tool was killed by SIGSEGV"}},
		"no start": {job.Result{ExitCode: -1, StartError: "exec format error"},
			[]string{"tool could not be started: exec format error"}},
		"files not on the disk": {job.Result{SyncError: "input/output error", Tail: fine},
			[]string{"could not be put onto the disk: input/output error"}},
		"advice": {job.Result{ExitCode: 1, Tail: "mariabackup: Error writing file (errno: 28 \"No space left on device\")\n"},
			[]string{"tool failed with exit code 1: the disk is full: free space or make it larger, then try again",
				"last lines of the program:\nmariabackup: Error"}},
		"a damaged page": {job.Result{ExitCode: 1, Tail: " len 16384; hex 00\n", Complaints: []string{
			"[00] 2026-11-27 13:39:19 Error: failed to read page after 10 retries. File ./fill/t000.ibd seems to be corrupted.",
			"[00] FATAL ERROR: 2026-11-27 13:39:19 mariabackup: Error: failed to copy datafile."}},
			[]string{"tool failed with exit code 1: table fill.t000: failed to read page after 10 retries. " +
				"File ./fill/t000.ibd seems to be corrupted; at last: failed to copy datafile: " +
				"the server's data is damaged: run CHECK TABLE"}},
		"a cause that is not the first": {job.Result{ExitCode: 1, Complaints: []string{
			"2023-05-10T12:00:00.123456-00:00 0 [ERROR] [MY-011825] [Xtrabackup] write to logfile failed",
			"xtrabackup: Error writing file (Errcode: 28)"}},
			[]string{"tool failed with exit code 1: write to logfile failed; at last: Error writing file (Errcode: 28): the disk is full"}},
		"one complaint": {job.Result{ExitCode: 1, Complaints: []string{"190510 12:00:00 [01] xtrabackup: Error: no luck"}},
			[]string{"tool failed with exit code 1: no luck"}},
		"words alone": {job.Result{ExitCode: 1, Complaints: []string{"Error: "}}, []string{"tool failed with exit code 1: Error:"}},
	} {
		err := ProveRun("tool", test.result)
		if test.want == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		testkit.Says(t, err, test.want...)
		var tool *Error
		if !errors.As(err, &tool) {
			t.Errorf("%s: %T", name, err)
		}
	}
	if err := ProveRun("tool", job.Result{Stopped: true, Signal: "SIGINT"}); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("stopped as asked: %v", err)
	}
}

// Lines of real tools and what they mean for a person.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"mariabackup: Can't create/write to file '/b/x' (Errcode: 28 \"No space left on device\")":                "the disk is full",
		"2026-11-22 20:26:55 0 [ERROR] InnoDB: Operating system error number 28 in a file operation: error: 28":   "the disk is full",
		"Failed to connect to MariaDB server: Access denied for user 'backup'@'localhost' (using password: YES).": "check the credentials file",
		"Error: missing required privilege RELOAD on *.*":                                                         "lacks a privilege",
		"mariabackup: Can't open file: './a/b.ibd' (errno: 24 \"Too many open files\")":                           "raise LimitNOFILE",
		"Failed to connect to MariaDB server: " +
			"Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2).": "could not be reached",
		"Error: failed to execute query BACKUP STAGE FLUSH: Lost connection to server during query": "went away while the tool was at work",
		"failed to execute query SET SESSION lock_wait_timeout=31536000: " +
			"Server has gone away\nMySQL server has gone away": "went away while the tool was at work",
		"mariabackup: Can't read dir of '/var/lib/mysql' (Errcode: 13 \"Permission denied\")":                         "run the daemon as root",
		"[00] FATAL ERROR: 2026-11-22 20:26:55 Database page corruption detected at page 3, retrying...":              "run CHECK TABLE",
		"[00] 2026-11-27 13:39:19 Error: failed to read page after 10 retries. File ./a/t.ibd seems to be corrupted.": "run CHECK TABLE",
		"--incremental backup is impossible if the server had been restarted with different innodb_undo_tablespaces.": "take a full backup",
		"mariabackup: Failed to read undo log tablespace space id 3 " +
			"and there is no undo tablespace truncation redo record.": "take the backup again",
		"[00] 2026-11-22 20:37:35 Was only able to copy log from 1 to 2, not 3; try increasing innodb_log_file_size":  "enlarge the redo log",
		"mariabackup: Can't create/write to file '/b/x.ibd.delta' (Errcode: 36 \"File name too long\")":               "rename the table",
		"xb_stream_write_open(): file path is too long.":                                                              "rename the table",
		"failed to execute query FLUSH TABLES WITH READ LOCK: Lock wait timeout exceeded; try restarting transaction": "SHOW FULL PROCESSLIST",
		"Error: failed to execute query FLUSH: Access denied; " +
			"you need (at least one of) the RELOAD privilege(s) for this": "lacks a privilege",
		"[00] 2026-11-27 20:04:50 Warning: missing required privilege CONNECTION ADMIN on *.*\n" +
			"mariadb-backup: Can't create file 'a/b' (errno: 36 \"File name too long\")": "rename the table",
		"Copying ./ibdata1 to /b/ibdata1": "",
	} {
		got := Advice("first line\n" + line + "\nlast line")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s\nmeans %q, want %q", line, got, want)
		}
	}
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	if got := LastLines(text.String(), 2); got != "line 18\nline 19" {
		t.Errorf("the last two are %q", got)
	}
	if got := LastLines("a\nb\n", 5); got != "a\nb" {
		t.Errorf("of fewer: %q", got)
	}
	err := &Error{Summary: "tool failed", Tail: LastLines(text.String(), TailLines)}
	if n := strings.Count(err.Error(), "\n"); n != TailLines+1 {
		t.Errorf("the error has %d lines:\n%v", n, err)
	}
	if err := (&Error{Summary: "tool failed"}); err.Error() != "tool failed" {
		t.Errorf("without a tail: %q", err.Error())
	}
}
