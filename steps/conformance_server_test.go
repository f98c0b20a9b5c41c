package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// serverKits returns every kind of server there is, with a tool of its own or
// without; what they claim to be shows in the name.
func serverKits(t testing.TB) map[string]kit {
	t.Helper()
	found := map[string]kit{}
	for _, k := range kits(t) {
		found[k.name] = k
	}
	tool, mysqld, err := realPrograms()
	if err != nil {
		t.Fatal(err)
	}
	if version, _ := mariadbtest.MySQLVersion(mysqld); tool == "" && version != "" {
		found["MySQL "+version+", real, without a tool"] = kit{dbType: server.MySQL,
			server: []mariadbtest.Option{mariadbtest.MySQL(mysqld)}, real: true}
	}
	return found
}

// TestServerConformance holds every server to what the steps rely on.
func TestServerConformance(t *testing.T) {
	t.Parallel()
	for name, k := range serverKits(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mariadbtest.Start(t, k.server...)
			h := hostOf(t, server)
			h.Server.DBType = k.dbType
			conformQuestions(t, h, server)
			conformLocks(t, h, server)
			if k.real {
				conformParts(t, h, server)
			}
		})
	}
}

// conformQuestions asks what is asked before a backup.
func conformQuestions(t *testing.T, h *testHost, mariadb *mariadbtest.Server) {
	mariadb.Exec("CREATE USER poor@localhost IDENTIFIED BY 'p'", "GRANT PROCESS ON *.* TO poor@localhost")
	s, err := h.Server.Connect(t.Context())
	h.Must(err)
	defer s.Close()
	info, err := s.Info(t.Context())
	h.Must(err)
	if info.Flavour != h.Server.DBType || server.Series(info.Version) == "" || (info.UID == "") != nameless(t, mariadb) ||
		info.LSN == 0 || info.Binlog || info.RedoArchive != "" || len(info.Elsewhere) > 0 {
		t.Errorf("it says %+v", info)
	}
	h.Must(server.SameFolder(info.DataDir, mariadb.DataDir))
	h.Must(s.CheckGrants(t.Context(), info, mariadb.User))
	if h.Server.DBType == server.MySQL {
		found, err := s.Encryption(t.Context(), info.Version)
		if err != nil || len(found) > 0 {
			t.Errorf("encryption: %q, %v", found, err)
		}
	}
	before := info.LSN
	mariadbtest.FillTables(t, mariadb.DB(), 2, 50)
	if info, err = s.Info(t.Context()); err != nil || info.LSN <= before {
		t.Errorf("LSN %d, and %d after rows were written, %v", before, info.LSN, err)
	}
	h.login(mariadb, "poor", "p")
	poor, err := h.Server.Connect(t.Context())
	h.Must(err)
	defer poor.Close()
	testkit.Says(t, poor.CheckGrants(t.Context(), info, "poor"), "the backup user 'poor' lacks the privilege RELOAD", "run GRANT RELOAD")
	h.Server.CredentialsFile = mariadb.CredentialsFile
}

// nameless reports whether a server is one of those that have no id, as MariaDB
// 10.5 is.
func nameless(t *testing.T, mariadb *mariadbtest.Server) bool {
	t.Helper()
	var ids int
	err := mariadb.DB().QueryRow(`SELECT COUNT(*) FROM information_schema.system_variables
		WHERE VARIABLE_NAME IN ('SERVER_UID', 'SERVER_UUID')`).Scan(&ids)
	// MySQL has no such table, and an id since 5.6.
	return err == nil && ids == 0
}

// conformLocks looks for the server by its locks, and in vain when it is dead.
func conformLocks(t *testing.T, h *testHost, mariadb *mariadbtest.Server) {
	err := h.Server.CheckDataDir(t.Context())
	if !errors.Is(err, server.ErrServerRunning) {
		t.Errorf("got %v", err)
	}
	testkit.Says(t, err, "process "+strconv.Itoa(mariadb.PID())+" holds locks in "+mariadb.DataDir)
	if pid := server.WorkingIn(mariadb.DataDir); pid != mariadb.PID() {
		t.Errorf("process %d works in %s, not %d", pid, mariadb.DataDir, mariadb.PID())
	}
	mariadb.Kill()
	if err := h.Server.CheckDataDir(t.Context()); !errors.Is(err, server.ErrDataDirNotEmpty) {
		t.Errorf("after it was killed: %v", err)
	}
}

// conformParts lets the server start on parts of a data directory, in the order
// in which its entries go into place: it must refuse all but the whole.
func conformParts(t *testing.T, h *testHost, server *mariadbtest.Server) {
	whole := server.DataDir
	server.StartOn(whole)
	server.Stop()
	p := &place.Placement{Mode: place.Entries, Target: filepath.Join(h.Dir, "target"), Stage: filepath.Join(h.Dir, "stage")}
	h.Must(os.MkdirAll(p.Stage, 0o700))
	h.Must(os.Mkdir(p.Target, 0o700))
	h.Must(clone(whole, p.Prepared()))
	// What a server brings along and no backup holds.
	for _, name := range []string{"auto.cnf", "ibtmp1", "#innodb_temp"} {
		h.Must(os.RemoveAll(filepath.Join(p.Prepared(), name)))
	}
	h.Must(p.Identify())
	n := len(p.Entries)
	for _, k := range []int{1, n / 2, n - 1} {
		part := filepath.Join(h.Dir, fmt.Sprintf("part%d", k))
		h.Must(os.Mkdir(part, 0o700))
		for _, e := range p.Entries[:k] {
			h.Must(clone(filepath.Join(p.Prepared(), e.Name), filepath.Join(part, e.Name)))
		}
		if err := server.TryStartOn(part); err == nil {
			t.Errorf("the server starts on %d of %d entries, the last of them %s", k, n, p.Entries[k-1].Name)
			server.Stop()
		}
	}
	server.StartOn(p.Prepared())
	if err := mariadbtest.CheckTables(server.DB()); err != nil {
		t.Error(err)
	}
}

// clone copies a file or a folder with all that is in it.
func clone(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, strings.TrimSpace(string(out)))
	}
	_, err := os.Stat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
