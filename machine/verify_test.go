package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// described is a backup with a manifest that says which operation made it.
func (w *world) described(id, from string, fromLSN, toLSN int) {
	w.t.Helper()
	w.backup(id, from, fromLSN, toLSN)
	m := store.Manifest{ID: id, ParentID: from, Operation: "made-" + id, Folders: []string{"shop"},
		Server: server.Info{Flavour: server.MariaDB, Version: "10.11.6-MariaDB"}}
	folder := w.host.Store.Folder(id)
	for _, pattern := range []string{"*", "shop/*"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				continue // a folder
			}
			name, sum := strings.TrimPrefix(path, folder+"/"), sha256.Sum256(text)
			m.Files = append(m.Files, store.ManifestFile{Path: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
		}
	}
	w.manifest(m)
}

func (w *world) verify(id string, level api.Level) string {
	w.t.Helper()
	return w.accepted(w.VerifyBackup(w.t.Context(), api.VerifyRequest{ID: id, Level: level}))
}

// listed returns what the list says of one backup.
func (w *world) listed(id string) api.BackupView {
	w.t.Helper()
	list, err := w.Manager.Backups(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, b := range list {
		if b.ID == id {
			return b
		}
	}
	w.t.Fatalf("%s is not listed: %+v", id, list)
	return api.BackupView{}
}

// proved demands a backup's level, empty for none, and its problem.
func (w *world) proved(id string, level api.Level, problem string) {
	w.t.Helper()
	b := w.listed(id)
	var got api.Level
	if b.Verified != nil {
		got = b.Verified.Level
		if since := time.Since(b.Verified.At); since < 0 || since > time.Minute {
			w.t.Errorf("%s was proved at %s", id, b.Verified.At)
		}
	}
	if got != level || problem == "" && b.Problem != "" || !strings.Contains(b.Problem, problem) {
		w.t.Errorf("%s is proved at %q with the problem %q, want %q and %q", id, got, b.Problem, level, problem)
	}
}

func TestVerificationIsAccepted(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.described("full", "", 0, 100)
	w.described("inc", "full", 100, 200)
	w.start()
	for _, level := range []api.Level{"", "files"} {
		id := w.verify("inc", level)
		v := w.ends(id, persistence.Succeeded)
		if level == "" {
			level = api.DefaultLevel
		}
		want := (api.Args{IDList: []string{"full", "inc"}, Target: steps.TargetVerify, Level: level})
		if !reflect.DeepEqual(v.Args, want) || v.Backup != "inc" || v.Machine != "verify_backup" {
			t.Errorf("%s of %s with %+v", v.Machine, v.Backup, v.Args)
		}
		w.proved("inc", "checksum", "")
		w.proved("full", "checksum", "")
	}
	if at, err := w.RestoredSince(t.Context(), persistence.Backup{}); err != nil || !at.IsZero() {
		t.Errorf("it counts as a restore: %s, %v", at, err)
	}
	again := api.VerifyRequest{ID: "full", RequestID: "r"}
	first := w.accepted(w.VerifyBackup(t.Context(), again))
	w.ends(first, persistence.Succeeded)
	if id := w.accepted(w.VerifyBackup(t.Context(), again)); id != first {
		t.Errorf("sent again, it began %s", id)
	}
	again.Level = "boot"
	_, err := w.VerifyBackup(t.Context(), again)
	refusal(t, err, api.Conflict, "request_id 'r' was used before, for verify_backup")
}

func TestVerificationIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described("full", "", 0, 100)
	w.backup("gone", "", 0, 100)
	w.backup("orphan", "gone", 100, 200)
	w.exec(w.outsider(), `DELETE FROM backup WHERE id = 'gone'`)
	w.manifest(store.Manifest{ID: "lost"})
	begun, letGo := make(chan string), make(chan error)
	w.replace["validate_delete"] = steps.Step{Run: block(begun, letGo)}
	w.replace["validate_backup"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	making := w.accepted(w.accept(t.Context(), order{command: "full_backup"}, "new", api.Args{ID: "new"},
		[]persistence.Claim{{BackupID: "new", Use: persistence.Makes}}, nil))
	<-begun
	for id, test := range map[string]struct {
		kind api.Kind
		want string
	}{
		"nonsense": {api.NotFound, "Backup with id 'nonsense' not found"},
		"lost":     {api.NotFound, "Backup with id 'lost' not found: its folder is there, its record is lost: dbcalm-db-cmd backups rebuild"},
		"orphan":   {api.Conflict, "backup 'orphan' cannot be restored: it stands on 'gone', which is not recorded; take a full backup"},
		"new":      {api.Conflict, "backup 'new' is still being made by operation " + making + ": verify it when that has ended"},
	} {
		_, err := w.VerifyBackup(t.Context(), api.VerifyRequest{ID: id})
		refusal(t, err, test.kind, test.want)
	}
	_, err := w.VerifyBackup(t.Context(), api.VerifyRequest{ID: "full", Level: "deep"})
	refusal(t, err, api.Invalid, "unknown level 'deep': use one of [files checksum prepare boot]")
	letGo <- errLuck
	w.ends(making, persistence.Failed)
	deleted := make(chan error)
	go func() { deleted <- w.DeleteBackup(context.Background(), api.DeleteRequest{ID: "full"}) }()
	deleting := <-begun
	_, err = w.VerifyBackup(t.Context(), api.VerifyRequest{ID: "full"})
	refusal(t, err, api.Conflict, "backup 'full' is in use: operation "+deleting+" deletes it; wait for its end or cancel it")
	letGo <- nil
	if err := <-deleted; err != nil {
		t.Error(err)
	}
}

func TestVerificationWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.described("full", "", 0, 100)
	w.closeGate()
	w.start()
	restore := w.restore("full")
	w.works(restore, "prepare")
	id := w.verify("full", "")
	if v := w.show(id); v.Status != string(persistence.Waiting) {
		t.Errorf("it is %s", v.Status)
	}
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}), api.Conflict, "backup 'full' is in use")
	if err := w.Cancel(t.Context(), id); err != nil {
		t.Error(err)
	}
	w.ends(id, persistence.Cancelled)
	w.pass("ok")
	w.ends(restore, persistence.Succeeded)
	w.proved("full", "", "")
}

func TestDamageIsHeldAgainstItsBackup(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.described("full", "", 0, 100)
	w.described("inc", "full", 100, 200)
	w.described("later", "inc", 200, 300)
	w.described("other", "", 0, 100)
	w.start()
	w.ends(w.verify("later", ""), persistence.Succeeded)
	path := filepath.Join(w.host.Store.Folder("inc"), "xtrabackup_checkpoints")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w.write(path, "")
	v := w.ends(w.verify("later", "boot"), persistence.Failed)
	want := "backup 'inc' is damaged: read metadata: xtrabackup_checkpoints is empty; use another chain; take a full backup; " +
		"the chain is whole up to 'full'"
	if v.Error != want {
		t.Errorf("the error is %s, want %s", v.Error, want)
	}
	w.write(path, string(sound))
	w.proved("full", "checksum", "")
	w.proved("inc", "checksum", "failed files on ")
	w.proved("inc", "checksum", ": backup 'inc' is damaged: read metadata: xtrabackup_checkpoints is empty; use another chain")
	w.proved("later", "checksum", "stands on 'inc', which is damaged")
	w.proved("other", "", "")
	w.ends(w.verify("later", "files"), persistence.Succeeded)
	for _, id := range []string{"full", "inc", "later"} {
		w.proved(id, "checksum", "")
	}

	// A restore meets damage, too.
	w.write(path, "")
	w.ends(w.restore("full", "inc"), persistence.Failed)
	w.write(path, string(sound))
	w.proved("inc", "checksum", "failed files on ")
	w.ends(w.verify("inc", "files"), persistence.Succeeded)

	// What fails for another reason says nothing about the backup.
	if err := os.Remove(w.host.Tool.Bin); err != nil {
		t.Fatal(err)
	}
	w.ends(w.verify("inc", "prepare"), persistence.Failed)
	w.proved("inc", "checksum", "")
}

// A backup that takes the id of another one inherits nothing.
func TestNewBackupOfAnOldIDIsNotProved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described("b", "", 0, 100)
	w.start()
	w.ends(w.verify("b", ""), persistence.Succeeded)
	w.proved("b", "checksum", "")
	w.manifest(store.Manifest{ID: "b", Operation: "made-again"})
	w.proved("b", "", "")
	w.manifest(store.Manifest{ID: "b", Operation: "made-b"})
	w.proved("b", "checksum", "")
	if err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	if known, err := w.Verifications(t.Context()); err != nil || len(known) > 0 {
		t.Errorf("after its deletion there are %v, %v", known, err)
	}
}

// Each level goes the way that its states say, and takes its folder along.
func TestLevelsGoTheirWays(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.described("full", "", 0, 100)
	w.described("inc", "full", 100, 200)
	w.write(filepath.Join(w.dir, "mariadbd"), "#!/bin/sh\necho 'mariadbd  Ver 10.11.19-MariaDB for Linux'\n")
	w.host.ServerBin = filepath.Join(w.dir, "mariadbd")
	examine := w.host.Steps()["examine_tables"]
	examine.Job = func(_ context.Context, t steps.Task) (job.Spec, error) {
		if _, err := os.Stat(t.Args.TmpDir); err != nil || t.Data.Placement.Stage != t.Args.TmpDir {
			return job.Spec{}, fmt.Errorf("the folder is %s: %w", t.Args.TmpDir, errors.Join(err, errLuck))
		}
		return job.Spec{Path: "/bin/echo", Args: []string{"completed OK!"}, Dir: "/"}, nil
	}
	w.replace["examine_tables"] = examine
	w.start()
	for level, want := range map[api.Level]string{
		"files": "files>record ok>done", "checksum": "checksum>check ok>record ok>done",
		"prepare": "prepare>stage ok>prepare more>apply ok>arrange prepare>clean ok>record ok>done",
		"boot":    "boot>stage ok>prepare more>apply ok>arrange boot>examine ok>clean ok>record ok>done",
	} {
		v := w.ends(w.verify("inc", level), persistence.Succeeded)
		if got := events(v); !strings.HasSuffix(got, want) {
			t.Errorf("level %s went %s, want %s", level, got, want)
		}
		if (v.Args.TmpDir != "") != level.Covers("prepare") {
			t.Errorf("level %s has the folder %q", level, v.Args.TmpDir)
		}
	}
	w.proved("inc", "boot", "")
	w.proved("full", "checksum", "")
	if left := w.names(w.host.Store.BackupDir); left != "full inc" {
		t.Errorf("the store holds %s", left)
	}
}
