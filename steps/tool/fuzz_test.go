package tool

import (
	"bytes"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/job"
)

// FuzzMetadata: any bytes as one of the tool's files are refused, or give
// checkpoints that prove no more than they say.
func FuzzMetadata(f *testing.F) {
	for _, text := range []string{
		"backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 44404\nlast_lsn = 44404\n",
		"backup_type = incremental\nfrom_lsn = 44404\nto_lsn = 50000\nlast_lsn = 50000\n",
		"backup_type = log-applied\nfrom_lsn = 18446744073709551616\nto_lsn = -1\nlast_lsn = x\n",
		"backup_type=\n=\n\x00=\x1b[2J\n", "", strings.Repeat("a", 1<<16) + "=",
	} {
		f.Add([]byte(text), uint64(44404))
	}
	f.Fuzz(func(t *testing.T, text []byte, base uint64) {
		values, err := ParseMetadata(CheckpointsNames[0], bytes.NewReader(text))
		if err != nil {
			return
		}
		c, err := ParseCheckpoints(values)
		if err != nil {
			return
		}
		if c.Prove(nil) == nil && (c.Type != TypeFull || c.FromLSN != 0) {
			t.Errorf("a full backup is proved by %+v", c)
		}
		if c.Prove(&Checkpoints{ToLSN: base}) == nil && (c.Type != TypeIncremental || c.FromLSN != base || c.ToLSN < base) {
			t.Errorf("an incremental from LSN %d is proved by %+v", base, c)
		}
	})
}

// FuzzOutput: whatever a tool prints, it has succeeded only if it said so last,
// and an error repeats a few of its lines.
func FuzzOutput(f *testing.F) {
	for _, text := range []string{
		"[00] 2026-03-04 12:00:00 completed OK!\n", "completed OK!\nmariabackup: error: copy failed\n",
		"[ERROR] InnoDB: Database page corruption detected\n", "\x1b]0;title\x07\r\ncompleted OK!", strings.Repeat("line\n", 99), "",
	} {
		f.Add(text, 0)
		f.Add(text, 1)
	}
	f.Fuzz(func(t *testing.T, text string, code int) {
		err := ProveRun("the tool", job.Result{Tail: text, ExitCode: code})
		if said := strings.HasSuffix(strings.TrimSpace(text), Completed); (err == nil) != (said && code == 0) {
			t.Errorf("with exit code %d after %q: %v", code, text, err)
		}
		if err != nil && strings.Count(err.Error(), "\n") > TailLines+1 {
			t.Errorf("the error has %d lines", strings.Count(err.Error(), "\n"))
		}
	})
}
