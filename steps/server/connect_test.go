package server

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

func TestServerTellsOfItself(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t, mariadbtest.WithBinlog())
	h := serverOf(t, server)
	s, err := h.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Flavour != MariaDB || Series(info.Version) == "" || filepath.Clean(info.DataDir) != server.DataDir || !info.Binlog ||
		info.LSN == 0 || info.UID == "" || info.DataBirth.IsZero() {
		t.Errorf("got %+v", info)
	}
	if err := s.CheckGrants(t.Context(), info, server.User); err != nil {
		t.Errorf("grants: %v", err)
	}
	server.Exec("CREATE USER poor@localhost IDENTIFIED BY 'p'", "GRANT RELOAD, PROCESS ON *.* TO poor@localhost")
	h.login(server, "poor", "p")
	poor, err := h.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer poor.Close()
	testkit.Says(t, poor.CheckGrants(t.Context(), info, "poor"),
		"the backup user 'poor' lacks the privilege BINLOG MONITOR: run GRANT BINLOG MONITOR ON *.* TO its account")
	server.Exec("GRANT SUPER ON *.* TO poor@localhost")
	if err := poor.CheckGrants(t.Context(), info, "poor"); err != nil {
		t.Errorf("SUPER stands for it: %v", err)
	}
}

// Each way of not reaching a server is told from the others, and in time.
func TestServerCannotBeReached(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t, mariadbtest.WithArgs("--max-connections=10"))
	h := serverOf(t, server)
	reach := func(kind error, words ...string) {
		t.Helper()
		began := time.Now()
		err := h.Reachable(t.Context())
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the answer took %s", took)
		}
		if kind == nil {
			if err != nil {
				t.Errorf("got %v", err)
			}
			return
		}
		if !errors.Is(err, kind) {
			t.Errorf("got %v, want %v", err, kind)
		}
		testkit.Says(t, err, words...)
	}
	const down = "cannot create backup, MySQL/MariaDB server is not running"
	reach(nil)

	h.login(server, server.User, "wrong")
	reach(errLogin, "the server refused the login of the backup user '"+server.User+"': Access denied",
		"check user and password in the section [client-dbcalm]")
	h.login(server, "nobody", "wrong")
	reach(errLogin, "'nobody': Access denied")
	h.CredentialsFile = server.CredentialsFile

	server.Pause()
	reach(ErrServerDown, down+": it does not answer at "+server.Socket+" within 2s")
	server.Resume()
	server.WaitReady()

	for range 10 {
		conn, err := server.DB().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	reach(errLogin, "too many connections")

	server.Kill()
	reach(ErrServerDown, down, "connection refused", "start it, or correct socket or host in the credentials file")
	h.login(&mariadbtest.Server{Socket: filepath.Join(h.Dir, "nowhere.sock")}, "a", "b")
	reach(ErrServerDown, down, "no such file or directory")
	h.CredentialsFile = h.WriteCredentials("[client-dbcalm]\nuser=a\nhost=127.0.0.1\nport=1\n")
	reach(ErrServerDown, down, "connection refused")
}
