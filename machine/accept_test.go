package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

func TestRestoreIsRefused(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("inc1", "full", 100, 200)
	w.backup("inc2", "inc1", 200, 300)
	w.backup("other", "", 0, 100)
	w.record(persistence.Backup{ID: "orphan", FromBackupID: "full", StartTime: time.Now().UTC()})
	w.manifest(store.Manifest{ID: "lost"})
	w.start()
	for _, test := range []struct {
		ids  string
		kind api.Kind
		want string
	}{
		{"nonsense", api.NotFound, "Backup with id 'nonsense' not found"},
		{"full nonsense", api.NotFound, "Backup with id 'nonsense' not found"},
		{"full nonsense inc1", api.NotFound, `Backup with id 'nonsense' not found; ` + byItself("inc1", `["full","inc1"]`)},
		{"full lost", api.NotFound,
			"Backup with id 'lost' not found: its folder is there, its record is lost: dbcalm-db-cmd backups rebuild records it again"},
		{"inc1", api.Invalid, "id_list is no chain in order: " + byItself("inc1", `["full","inc1"]`)},
		{"full inc2", api.Invalid, byItself("inc2", `["full","inc1","inc2"]`)},
		{"full inc2 inc1", api.Invalid, byItself("inc1", `["full","inc1"]`)},
		{"other inc1", api.Invalid, byItself("inc1", `["full","inc1"]`)},
		{"full full", api.Invalid, byItself("full", `["full"]`)},
		{"full inc1 full", api.Invalid, byItself("full", `["full"]`)},
		{"full other", api.Invalid, byItself("other", `["other"]`)},
	} {
		for _, target := range []api.Target{api.TargetFolder, api.TargetDatabase} {
			_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: strings.Fields(test.ids), Target: target})
			refusal(t, err, test.kind, strings.ReplaceAll(test.want, "TARGET", string(target)))
		}
	}
	w.write(filepath.Join(w.host.Server.DataDir, ".hidden"), "")
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetDatabase})
	refusal(t, err, api.Unavailable,
		"cannot restore to database, mysql/mariadb data directory is not empty (usually /var/lib/mysql)", ".hidden")
	if list, err := w.OpenOperations(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("refused commands left operations: %+v, %v", list, err)
	}
}

// byItself is how the right chain of a backup is named.
func byItself(id, list string) string {
	return "backup '" + id + "' is restored by dbcalm-db-cmd restore " + id + " --target TARGET, on the socket by the id_list " + list
}

func TestChainThatIsBrokenInTheRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("inc", "full", 100, 200)
	w.exec(w.outsider(), `DELETE FROM backup WHERE id = 'full'`)
	w.start()
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"inc"}, Target: api.TargetFolder})
	refusal(t, err, api.Invalid,
		"backup 'inc' cannot be restored: it stands on 'full', which is not recorded; the chains that are whole: dbcalm-db-cmd backups list")
	w.manifest(store.Manifest{ID: "full"})
	_, err = w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full", "inc"}, Target: api.TargetFolder})
	refusal(t, err, api.NotFound, "Backup with id 'full' not found: its folder is there, its record is lost: dbcalm-db-cmd backups rebuild")
	_, err = w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"inc"}, Target: api.TargetFolder})
	refusal(t, err, api.Invalid, "which is not recorded; its folder is there, its record is lost: dbcalm-db-cmd backups rebuild")
}

func TestRestoreOfABackupThatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["validate_delete"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	deleted := make(chan error)
	go func() { deleted <- w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}) }()
	id := <-begun
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder})
	refusal(t, err, api.Conflict, "backup 'full' is in use: operation "+id+" deletes it; wait for its end or cancel it")
	letGo <- nil
	if err := <-deleted; err != nil {
		t.Error(err)
	}
}

func TestRestoreFoldersDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	names := make(chan string)
	for range 8 {
		go func() { names <- w.restoreFolder() }()
	}
	seen := map[string]bool{}
	for range 8 {
		name := <-names
		if seen[name] {
			t.Errorf("%s was given twice", name)
		}
		seen[name] = true
		_, err := time.Parse("2006-01-02-15-04-05", filepath.Base(name))
		if err != nil || filepath.Dir(name) != filepath.Join(w.host.Store.BackupDir, "restores") {
			t.Errorf("%s is named otherwise: %v", name, err)
		}
	}
	// One that is there already, from an earlier daemon say, is not used either.
	next := w.stamps.at.Add(time.Second).Format("2006-01-02-15-04-05")
	taken := filepath.Join(w.host.Store.BackupDir, "restores", next)
	if err := os.MkdirAll(taken, 0o750); err != nil {
		t.Fatal(err)
	}
	if name := w.restoreFolder(); name == taken {
		t.Errorf("%s is taken, and given", name)
	}
}

func TestBackupIsRefusedBeforeAServerIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.manifest(store.Manifest{ID: "lost"})
	w.start()
	const credentials = "credentials file not found or missing [client-dbcalm] section"
	for _, test := range []struct {
		request api.BackupRequest
		kind    api.Kind
		want    string
	}{
		{api.BackupRequest{ID: "new"}, api.Unavailable, credentials},
		{api.BackupRequest{ID: "full"}, api.Conflict, "Backup with id 'full' already exists"},
		{api.BackupRequest{ID: "loose"}, api.Conflict, "Backup with id 'loose' already exists: the folder " + w.host.Store.Folder("loose")},
		{api.BackupRequest{ID: "new", FromBackupID: "full"}, api.Unavailable, credentials},
		{api.BackupRequest{ID: "full", FromBackupID: "full"}, api.Conflict, "Backup with id 'full' already exists"},
		{api.BackupRequest{ID: "new", FromBackupID: "nonsense"}, api.NotFound, "Base backup with id 'nonsense' not found"},
		{api.BackupRequest{ID: "new", FromBackupID: "lost"}, api.NotFound,
			"Base backup with id 'lost' not found: its folder is there, its record is lost"},
		{api.BackupRequest{ID: "new", FromBackupID: "new"}, api.NotFound, "Base backup with id 'new' not found"},
	} {
		w.write(filepath.Join(w.host.Store.Folder("loose"), "file"), "")
		var err error
		if test.request.FromBackupID == "" {
			_, err = w.FullBackup(t.Context(), test.request)
		} else {
			_, err = w.IncrementalBackup(t.Context(), test.request)
		}
		refusal(t, err, test.kind, test.want)
	}
}

func TestIncrementalOnABackupFromBeforeARestore(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.start()
	id := w.accepted(w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetDatabase}))
	v := w.ends(id, persistence.Succeeded)
	if v.Args.TmpDir != w.host.Server.DataDir {
		t.Errorf("args: %+v", v.Args)
	}
	_, err := w.IncrementalBackup(t.Context(), api.BackupRequest{ID: "inc", FromBackupID: "full"})
	refusal(t, err, api.Conflict, "backup 'full' was taken before the data directory was restored on ", "take a full backup first")
}

func TestOneOfManyRequestsForOneBackupIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace["validate_backup"] = steps.Step{Run: block(make(chan string), nil)}
	w.start()
	errs := make(chan error)
	for range 8 {
		go func() {
			_, err := w.accept(t.Context(), order{command: "full_backup"}, "b", api.Args{ID: "b"},
				[]persistence.Claim{{BackupID: "b", Use: persistence.Makes}}, nil)
			errs <- err
		}()
	}
	accepted := 0
	for range 8 {
		err := <-errs
		if err == nil {
			accepted++
			continue
		}
		refusal(t, err, api.Conflict, "Backup with id 'b' already exists")
	}
	if accepted != 1 {
		t.Errorf("%d of 8 were accepted", accepted)
	}
}

// Those who come together are answered as if they had come one after the other.
func TestThoseWhoComeTogetherAreAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.options.MaxWaiting = 3
	w.replace["validate_backup"] = steps.Step{Run: block(make(chan string), nil)}
	w.start()
	w.applicants.turn <- struct{}{}
	const clients = 7
	errs := make(chan error, clients)
	for i := range clients {
		go func() {
			// Two want the same backup.
			backup := fmt.Sprintf("b%d", i/2*2)
			_, err := w.accept(t.Context(), order{command: "full_backup"}, backup, api.Args{ID: backup},
				[]persistence.Claim{{BackupID: backup, Use: persistence.Makes}}, nil)
			errs <- err
		}()
	}
	var group []*applicant
	w.eventually("all have come", func() bool {
		group = append(group, w.applicants.take()...)
		return len(group) == clients
	})
	w.acceptAll(group)
	<-w.applicants.turn
	var accepted, exists, full int
	for range clients {
		err := <-errs
		switch {
		case err == nil:
			accepted++
		case strings.Contains(err.Error(), "already exists"):
			exists++
		case strings.Contains(err.Error(), "3 operations are waiting already"):
			full++
		default:
			t.Error(err)
		}
	}
	// One runs, three wait.
	if accepted != 4 || exists+full != clients-4 {
		t.Errorf("%d were accepted, %d refused for their backup and %d for the queue", accepted, exists, full)
	}
	if open, err := w.OpenOperations(t.Context()); err != nil || len(open) != accepted {
		t.Errorf("%d operations are open, %v", len(open), err)
	}
}

func TestCommandIsRefusedWhileTheDatabaseIsLocked(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.start()
	other := w.outsider()
	w.exec(other, `BEGIN IMMEDIATE`)
	began := time.Now()
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder})
	refusal(t, err, api.Unavailable, "the command was not accepted: ", "another program holds a lock on it")
	// On a busy machine the rest takes time too.
	if waited := time.Since(began); waited > 2*acceptTimeout {
		t.Errorf("the client was kept waiting for %s", waited)
	}
	w.exec(other, `ROLLBACK`)
	w.ends(w.restore("full"), persistence.Succeeded)
}
