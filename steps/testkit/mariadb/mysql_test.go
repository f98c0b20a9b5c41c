package mariadbtest

import (
	"maps"
	"os"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// A real MySQL is rarely at hand; DBCALM_TEST_MYSQLD names one.
func TestRealMySQLIsFilledAndChecked(t *testing.T) {
	t.Parallel()
	mysqld := os.Getenv("DBCALM_TEST_MYSQLD")
	if mysqld == "" {
		t.Skip("no real MySQL: DBCALM_TEST_MYSQLD names no mysqld")
	}
	s := Start(t, MySQL(mysqld))
	t.Logf("a real MySQL %s", s.version)
	FillTables(t, s.DB(), 4, 50)
	writer := StartWriter(t, s.DB())
	if err := writer.Await(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	if err := writer.Stop(); err != nil {
		t.Fatal(err)
	}
	before := Fingerprint(t, s.DB())
	s.Stop()
	s.Start()
	if after := Fingerprint(t, s.DB()); !maps.Equal(before, after) || len(after) < 8 {
		t.Errorf("before the restart %v, after it %v", before, after)
	}
	if err := CheckTables(s.DB()); err != nil {
		t.Error(err)
	}
	if err := VerifyInvariant(s.DB()); err != nil {
		t.Error(err)
	}
}

func TestMariaDBIsNoMySQL(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	found, err := findPrograms()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := MySQLVersion(found.server); err == nil || !strings.Contains(err.Error(), "is no MySQL") {
		t.Errorf("got %v", err)
	}
}

func TestServerClaimsToBeMySQL(t *testing.T) {
	t.Parallel()
	s := Start(t, Claiming("8.0.35-0ubuntu0.22.04.1"))
	var version, comment string
	if err := s.DB().QueryRow("SELECT @@version, @@version_comment").Scan(&version, &comment); err != nil {
		t.Fatal(err)
	}
	if version != "8.0.35-0ubuntu0.22.04.1" || strings.Contains(comment, "MariaDB") {
		t.Errorf("it says it is %s, %s", version, comment)
	}
}
