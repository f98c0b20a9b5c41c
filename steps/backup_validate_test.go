package steps

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// The base of an incremental is replaced while that is taken.
func TestBaseThatIsReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Backup("full", "", "0", "100", nil)
	h.Manifest("full", func(m *store.Manifest) { m.Operation = "first" })
	base, err := h.backups().checkBase(t.Context(), "full", server.Info{})
	if err != nil || base.Manifest == nil || base.Manifest.Operation != "first" {
		t.Fatalf("the base is %+v, %v", base, err)
	}
	task := h.backupTask("op", "inc", "full", testkit.Metadata("incremental", "100", "150"))
	task.Data.BaseOperation, task.Data.BaseManifest = "first", base.Manifest.SHA256
	for _, spoil := range []func(){
		func() { h.Manifest("full", func(m *store.Manifest) { m.Operation = "second" }) },
		func() {
			h.Manifest("full", func(m *store.Manifest) { m.Operation, m.Options = "first", "somebody else's" })
		},
		func() { h.Must(os.Remove(filepath.Join(h.Store.Folder("full"), store.ManifestName))) },
	} {
		spoil()
		_, err := h.Host.backups().seal(t.Context(), task)
		testkit.Says(t, err, "backup 'full' has been replaced by another while this one was taken on it: take a full backup")
	}
	h.WriteManifest("full", "")
	h.Manifest("full", func(m *store.Manifest) { m.Operation = "first" })
	if _, err := h.Host.backups().seal(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if m, err := store.ReadManifest(task.Data.Work); err != nil || m.ParentID != "full" || m.ParentOperation != "first" {
		t.Errorf("the manifest: %+v, %v", m, err)
	}
}

func TestBackupIsValidated(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	mariadb := mariadbtest.Start(t)
	mariadb.Exec("CREATE USER poor@localhost IDENTIFIED BY 'p'")
	small := disktest.Small(t, 8<<20)
	for name, test := range map[string]struct {
		spoil func(h *testHost, task *Task)
		want  string
	}{
		"in order": {func(*testHost, *Task) {}, ""},
		"no credentials": {func(h *testHost, _ *Task) { h.Server.CredentialsFile = filepath.Join(h.Dir, "nowhere") },
			"credentials file not found or missing [client-dbcalm] section"},
		"no tool":                 {func(h *testHost, _ *Task) { h.Tool.Bin = filepath.Join(h.Dir, "nowhere") }, "the backup tool"},
		"a login that is refused": {func(h *testHost, _ *Task) { h.login(mariadb, mariadb.User, "wrong") }, "the server refused the login"},
		"another kind of server": {func(h *testHost, _ *Task) {
			h.Server.DBType, h.Tool.Bin = server.MySQL, h.Script("tool", "echo xtrabackup version 8.0.35-31 based on MySQL server 8.0.35\n")
		}, "but db_type says mysql: correct db_type, or socket or host in the credentials file"},
		"another series of the tool": {func(h *testHost, _ *Task) {
			h.Tool.Bin = h.Script("tool", "echo mariabackup based on MariaDB server 10.2.44-MariaDB\n")
		}, "mariabackup 10.2.44-MariaDB does not fit MariaDB"},
		"another data directory": {func(h *testHost, _ *Task) { h.Server.DataDir = h.Dir },
			"the server's data directory is " + mariadb.DataDir + "/, but data_dir says "},
		"missing grants": {func(h *testHost, _ *Task) { h.login(mariadb, "poor", "p") },
			"lacks the privilege RELOAD, PROCESS: run GRANT RELOAD, PROCESS ON *.* TO its account"},
		"a folder in the way": {func(h *testHost, task *Task) {
			testkit.Write(h.T, h.Store.Folder(task.Args.ID), map[string]string{"x": ""})
		}, "is there already: remove it if it is of no use, or choose another id"},
		"a disk that is too small": {func(h *testHost, _ *Task) { h.Store.BackupDir = small },
			"not enough room for a full backup on the file system of " + small},
		"a store that cannot be made": {func(h *testHost, _ *Task) {
			h.Store.BackupDir = filepath.Join(h.Server.CredentialsFile, "store")
		}, "create backup_dir"},
	} {
		t.Run(name, func(t *testing.T) {
			h := hostOf(t, mariadb)
			task := Task{Operation: "op", Args: Args{ID: "b"}}
			test.spoil(h, &task)
			out, err := h.backups().validateBackup(t.Context(), task)
			if test.want != "" {
				testkit.Says(t, err, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out.Data.Tool == nil || out.Data.Tool.Name != "mariabackup" || out.Data.Server == nil || out.Data.Server.Flavour != server.MariaDB ||
				!strings.Contains(out.Reason, "of data") {
				t.Errorf("got %+v", out)
			}
			if left := testkit.Tree(t, h.Store.BackupDir); len(left) > 0 {
				t.Errorf("something was written: %v", left)
			}
		})
	}
}

func TestBaseOfAnIncrementalIsChecked(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	this := server.Info{Flavour: server.MariaDB, Version: "10.11.19-MariaDB", UID: "this", LSN: 1000, DataBirth: time.Unix(1000, 0)}
	for name, test := range map[string]struct {
		spoil func(h *testHost, m *store.Manifest)
		want  string
	}{
		"in order": {func(*testHost, *store.Manifest) {}, ""},
		"another server's": {func(_ *testHost, m *store.Manifest) { m.Server.UID, m.Server.DataBirth = "other", time.Time{} },
			"backup 'inc' is of another server (other, this one is this), or of this one with another port or network address"},
		"of this server at another port": {func(h *testHost, m *store.Manifest) {
			m.Server.UID = "other"
			b := h.Records.Backups["inc"]
			b.Number = 2
			h.Records.Backups["inc"] = b
		}, ""},
		"of what may be a copy of this server": {func(_ *testHost, m *store.Manifest) { m.Server.UID = "other" },
			"backup 'inc' is of server other, this one is this: another port or network address, " +
				"or a copy of that server, and nothing tells which: take a full backup"},
		"another data directory's": {func(_ *testHost, m *store.Manifest) { m.Server.DataBirth = time.Unix(999, 0) },
			"backup 'inc' is of another data directory"},
		"of a time that nobody noted": {func(_ *testHost, m *store.Manifest) { m.Server.DataBirth = time.Time{} }, ""},
		"from before a restore": {func(h *testHost, _ *store.Manifest) {
			h.Records.Restores, h.Records.Restored = 9, time.Now().Add(-time.Hour)
		}, "backup 'inc' was taken before the data directory was restored on "},
		"from before an upgrade": {func(_ *testHost, m *store.Manifest) { m.Server.Version = "10.5.23-MariaDB" },
			"backup 'inc' is of MariaDB 10.5.23-MariaDB, and the server is 10.11.19-MariaDB now: " +
				"no tool prepares a chain of two series: take a full backup"},
		"on a broken chain": {func(h *testHost, _ *store.Manifest) {
			delete(h.Records.Backups, "full")
			h.Must(os.RemoveAll(h.Store.Folder("full")))
		}, "backup 'full' is not recorded: the chain is broken; take a new full backup"},
		"on one without a record": {func(h *testHost, _ *store.Manifest) { delete(h.Records.Backups, "full") },
			"backup 'inc' stands on 'full', whose folder is there and whose record is lost: dbcalm-db-cmd backups rebuild records it again"},
		"on a chain without files": {func(h *testHost, _ *store.Manifest) { h.Must(os.RemoveAll(h.Store.Folder("full"))) },
			"; take a full backup: dbcalm-db-cmd backup full ID"},
		"on a replaced base": {func(h *testHost, m *store.Manifest) { m.ParentOperation = "another" },
			"it is another of the same id; take a full backup, or one on what is whole of the chain: " +
				"dbcalm-db-cmd backup incremental ID --from full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoLinks(t)
			for id, b := range h.Records.Backups {
				b.StartTime = time.Now()
				h.Records.Backups[id] = b
			}
			m, err := store.ReadManifest(h.Store.Folder("inc"))
			if err != nil {
				t.Fatal(err)
			}
			m.Server.UID, m.Server.DataBirth = this.UID, this.DataBirth
			test.spoil(h, m)
			h.PutManifest(h.Store.Folder("inc"), m)
			_, err = h.backups().checkBase(t.Context(), "inc", this)
			if test.want != "" {
				testkit.Says(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	h := twoLinks(t)
	for lsn, want := range map[uint64]string{0: "", 150: "",
		149: "backup 'inc' ends at LSN 150, the server is only at 149, so its data is not what was backed up: take a full backup"} {
		_, err := h.backups().checkBase(t.Context(), "inc", server.Info{LSN: lsn})
		if want != "" {
			testkit.Says(t, err, want)
		} else if err != nil {
			t.Errorf("server at LSN %d: %v", lsn, err)
		}
	}
	// An older program's says of its server what the tool has written.
	h.Must(os.Remove(filepath.Join(h.Store.Folder("inc"), store.ManifestName)))
	_, err := h.backups().checkBase(t.Context(), "inc", server.Info{Flavour: server.MariaDB, Version: "11.8.9-MariaDB", LSN: 150})
	testkit.Says(t, err, "backup 'inc' is of MariaDB 10.11.19-MariaDB, and the server is 11.8.9-MariaDB now")
	h.Records.Err = storetest.ErrCatalog
	if err := h.CheckNotRestored(t.Context(), "inc"); !errors.Is(err, storetest.ErrCatalog) {
		t.Errorf("an error of the catalog: %v", err)
	}
	if err := newHost(t).CheckNotRestored(t.Context(), "inc"); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("a backup that is not recorded: %v", err)
	}
}

func TestDataDirectoryOfTheServerMustBeReadable(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	testkit.Says(t, server.SameFolder(filepath.Join(h.Dir, "nowhere"), h.Server.DataDir), "the server's data directory cannot be read",
		"the daemon must run on the server's host")
	testkit.Says(t, server.SameFolder(h.Server.DataDir, filepath.Join(h.Dir, "nowhere")), "but data_dir says")
	if err := server.SameFolder(h.Server.DataDir+"/", h.Dir+"/./data"); err != nil {
		t.Error(err)
	}
}
