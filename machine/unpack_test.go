package machine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

// streamed puts a full backup that is one stream into the store.
func (w *world) streamed(id string, forwarded bool) {
	w.t.Helper()
	testkit.NeedsServer(w.t)
	w.backup(id, "", 0, 100)
	folder := w.host.Store.Folder(id)
	names := []string{"backup-my.cnf", "shop/orders.ibd", "xtrabackup_checkpoints", "xtrabackup_info"}
	pack := exec.Command("mbstream", append([]string{"-c"}, names...)...)
	pack.Dir, pack.Stderr = folder, os.Stderr
	packed, err := pack.Output()
	if err != nil {
		w.t.Fatal(err)
	}
	type file struct {
		Path string `json:"path"`
		Size int64  `json:"size"`
	}
	var contents struct{ Files []file }
	for _, name := range names {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			w.t.Fatal(err)
		}
		contents.Files = append(contents.Files, file{name, info.Size()})
	}
	for _, name := range []string{"backup-my.cnf", "shop"} {
		if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
			w.t.Fatal(err)
		}
	}
	sum := sha256.Sum256(packed)
	name := "backup-" + id + ".xbstream"
	m := store.Manifest{Format: 2, ID: id, Kind: "full", Server: server.Info{Flavour: server.MariaDB, Version: "10.11.6-MariaDB"},
		Stream: &store.ManifestStream{File: name, Forwarded: forwarded,
			Stored: stream.Stored{PlainSize: int64(len(packed)), StoredSize: int64(len(packed)), SHA256: hex.EncodeToString(sum[:])}}}
	w.writeJSON(filepath.Join(folder, "backup-"+id+".contents.json"), contents)
	w.writeJSON(filepath.Join(folder, store.ManifestName), m)
	if forwarded {
		folder = filepath.Join(w.dir, "forwarded")
	}
	w.write(filepath.Join(folder, name), string(packed))
}

func (w *world) writeJSON(path string, value any) {
	w.t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(path, string(text))
}

// slowUnpacker puts an unpacker beside the fake tool that waits at its gate.
func (w *world) slowUnpacker() {
	w.t.Helper()
	real, err := exec.LookPath("mbstream")
	if err != nil {
		w.t.Fatal(err)
	}
	w.closeGate()
	w.write(filepath.Join(w.dir, "mbstream"), "#!/bin/sh\nread -r verdict <'"+w.gate.Name()+
		"'\n[ $verdict != kill ] || kill -9 $$\nexec "+real+" \"$@\"\n")
}

// worksAnew waits until the program of an operation's state runs, and is
// another one than that of the given pid.
func (w *world) worksAnew(id, state string, than int64) (pid int64) {
	w.t.Helper()
	w.eventually("another program of "+id+" runs", func() bool {
		rows := w.works(id, state).Processes
		pid = *rows[len(rows)-1].PID
		return pid != than
	})
	return pid
}

func TestInterruptedUnpackingBeginsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *steps.Settings) { s.StallTimeout = testkit.Patience })
	w.streamed("full", false)
	w.slowUnpacker()
	w.start()
	id := w.restore("full")
	pid := w.worksAnew(id, "unpack", 0)
	w.killSupervisor(id)
	pid = w.worksAnew(id, "unpack", pid)
	w.pass("kill")
	w.worksAnew(id, "unpack", pid)
	w.start()
	w.eventually("the unpacker is adopted", func() bool { return strings.Contains(events(w.show(id)), "adopt>unpack") })
	for range 2 {
		w.pass("ok")
	}
	v := w.ends(id, persistence.Succeeded)
	if want := "ok>stage unpack>unpack redo>unpack redo>unpack adopt>unpack ok>prepare ok>arrange"; !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
	text, err := os.ReadFile(filepath.Join(v.Args.TmpDir, "full", "shop", "orders.ibd"))
	if err != nil || string(text) != "rows of full" {
		t.Errorf("restored: %q, %v", text, err)
	}
}

func TestForwardedBackupIsRefusedWithoutRetrieve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.streamed("full", true)
	w.start()
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder})
	refusal(t, err, api.Unavailable,
		"backup 'full' was forwarded as backup-full.xbstream, and retrieve is not set: set retrieve in the configuration")
	w = newWorld(t, func(s *steps.Settings) {
		s.Retrieve, s.StallTimeout = `cat "`+filepath.Join(filepath.Dir(s.BackupDir), "forwarded")+`/$DBCALM_FILE"`, testkit.Patience
	})
	w.streamed("full", true)
	w.start()
	v := w.ends(w.restore("full"), persistence.Succeeded)
	if !strings.Contains(events(v), "unpack>unpack ok>prepare") {
		t.Errorf("transitions are %s", events(v))
	}
}

// A definition stored by a program that knew of no streams still restores what
// that program could, and ends cleanly where it cannot.
func TestStoredDefinitionThatKnowsOfNoStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("plain", "", 0, 100)
	w.streamed("full", false)
	before, after, found := strings.Cut(w.source("restore_folder"), "  unpack:\n")
	_, after, foundEnd := strings.Cut(after, "    cancel: discard\n")
	if !found || !foundEnd {
		t.Fatal("the definition has no state unpack")
	}
	old := strings.Replace(before+after, "unpack: unpack, ", "", 1)
	for _, id := range []string{"plain", "full"} {
		o := persistence.Operation{ID: "old-" + id, Machine: "restore_folder", Definition: old, BackupID: id, State: "queued",
			Status: persistence.Waiting, Seq: 1, Attempt: 1, Data: []byte("{}"), CreatedAt: time.Now().UTC(),
			Args: bytes.ReplaceAll([]byte(`{"id_list":["ID"],"target":"folder","tmp_dir":"`+
				filepath.Join(w.host.Store.BackupDir, "restores", "ID")+`"}`), []byte("ID"), []byte(id))}
		w.accepts(o, persistence.TypeRestore)
	}
	w.start()
	w.ends("old-plain", persistence.Succeeded)
	v := w.ends("old-full", persistence.Failed)
	want := `the operation began with an earlier version of this program, which did not know of "unpack": give the command again`
	if v.Error != want {
		t.Errorf("the error is %s", v.Error)
	}
	if left := w.names(filepath.Join(w.host.Store.BackupDir, ".partial")); left != "" {
		t.Errorf("left: %s", left)
	}
}

// Where the stage is found to be lost before or after a program has worked on it,
// the operation goes back to it.
func TestLostStageIsMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.streamed("full", false)
	for _, name := range []string{"unpack_link", "prepare_restore"} {
		step, tries := w.host.Steps()[name], 0
		step.Lost = func(t steps.Task) (steps.Outcome, bool) {
			tries++
			return steps.Outcome{Event: steps.EventRewind, Reason: "lost", Data: t.Data}, tries == 1
		}
		w.replace[name] = step
	}
	w.start()
	v := w.ends(w.restore("full"), persistence.Succeeded)
	want := "unpack>unpack rewind>stage unpack>unpack ok>prepare rewind>stage unpack>unpack ok>prepare ok>arrange"
	if !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
}
