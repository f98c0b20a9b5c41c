package counts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// counted is a server with some tables, and a job that begins now.
func counted(t *testing.T) (*bench, Job) {
	t.Helper()
	b := newBench(t)
	b.db.Exec("CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO shop.orders SELECT seq FROM shop.seq_1_to_6000",
		"CREATE TABLE shop.`a-b c` (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO shop.`a-b c` VALUES (1)",
		"CREATE TABLE shop.busy (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB",
		"CREATE TABLE shop.moods (id INT PRIMARY KEY, who VARCHAR(100) AS (CURRENT_USER()) VIRTUAL) ENGINE=InnoDB",
		"CREATE VIEW shop.seen AS SELECT * FROM shop.orders", "CREATE SEQUENCE shop.numbers")
	b.restart()
	b.Checksums = true
	return b, b.job()
}

func (b *bench) count(j Job) Figures {
	b.T.Helper()
	f, err := b.Count(b.T.Context(), j)
	b.Must(err)
	return f
}

// Tables that did not change have figures, one under a writer has none, and what
// was counted before an interruption is not counted again.
func TestCount(t *testing.T) {
	t.Parallel()
	b, j := counted(t)
	w := mariadbtest.StartWriter(t, b.db.DB())
	b.db.Exec("INSERT INTO shop.busy VALUES ()")
	f := b.count(j)
	w.Stop()
	rows := map[string]uint64{}
	for _, n := range f.Tables {
		rows[n.String()] = n.Rows
		if (n.Checksum == nil) != (n.Name == "moods") {
			t.Errorf("%s has the checksum %v", n, n.Checksum)
		}
	}
	if want := map[string]uint64{"shop.orders": 6000, "shop.a-b c": 1, "shop.moods": 0}; !reflect.DeepEqual(rows, want) {
		t.Errorf("counted %v, want %v", rows, want)
	}
	if f.Left[Changed] == 0 || f.Left[Untold] != 0 || f.Failed != "" || f.Taken.IsZero() {
		t.Errorf("left are %v, %q", f.Left, f.Failed)
	}
	path := filepath.Join(t.TempDir(), FileName)
	b.Must(f.Keep(path))
	text, err := os.ReadFile(path)
	b.Must(err)
	if again, err := ParseFigures(text); err != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("read again: %+v, %v", again, err)
	}

	// The journal is believed, but for the end that a crash has cut.
	b.Must(os.WriteFile(j.Journal, []byte(`{"schema":"shop","name":"orders","rows":7}`+"\n"+`{"schema":"shop","name":"a-b c","ro`), 0o600))
	for _, n := range b.count(j).Tables {
		if n.Name == "orders" && n.Rows != 7 || n.Name == "a-b c" && n.Rows != 1 {
			t.Errorf("after an interruption, %s has %d rows", n, n.Rows)
		}
	}
	b.Must(os.Remove(j.Journal))
	b.Must(os.Mkdir(j.Journal, 0o700))
	_, err = b.Count(t.Context(), j)
	testkit.Says(t, err, "what has been counted: ")
}

// A table that the backup user may not read is told, and so is a server that
// cannot be asked; neither is an error.
func TestWhatCannotBeCountedIsTold(t *testing.T) {
	t.Parallel()
	b, j := counted(t)
	b.db.Exec(fmt.Sprintf("REVOKE SELECT ON *.* FROM %s@localhost", b.db.User),
		fmt.Sprintf("GRANT INSERT ON shop.* TO %s@localhost", b.db.User), fmt.Sprintf("GRANT SELECT ON shop.orders TO %s@localhost", b.db.User))
	f := b.count(j)
	if len(f.Tables) != 1 || f.Tables[0].Name != "orders" || f.Left[Unreadable] == 0 {
		t.Errorf("counted %v, left %v", f.Tables, f.Left)
	}
	b.db.Stop()
	if f = b.count(j); len(f.Tables) > 0 || !strings.Contains(f.Failed, "is not running") {
		t.Errorf("counted %v, failed %q", f.Tables, f.Failed)
	}
	o, err := b.Observe(t.Context())
	if err != nil || !strings.Contains(o.Failed, "is not running") {
		t.Errorf("observed %q, %v", o.Failed, err)
	}
	path := filepath.Join(t.TempDir(), "observed")
	b.Must(o.Keep(path))
	j.Before, err = ReadObservation(path)
	b.Must(err)
	if again := b.count(j); again.Failed != o.Failed {
		t.Errorf("failed %q, want %q", again.Failed, o.Failed)
	}
	_, err = ReadObservation(path + "s")
	testkit.Says(t, err, "read when the tables were changed: ")
}

// A statement ends soon when somebody waits for the table, when it is not wanted
// any more, and when others have the table locked.
func TestCountingGivesWay(t *testing.T) {
	t.Parallel()
	b, _ := counted(t)
	s, err := b.begin(t.Context())
	b.Must(err)
	defer s.end()
	// It reads for a minute, as a count of a large table does.
	slow := func(ctx context.Context, db Row) error {
		var n int
		return db.QueryRowContext(ctx, "SELECT count(*) FROM shop.`a-b c` WHERE SLEEP(60) = 0").Scan(&n)
	}
	done := make(chan error, 1)
	go func() { done <- s.read(t.Context(), slow) }()
	testkit.Eventually(t, "it reads", b.reading)
	b.db.Exec("ALTER TABLE shop.`a-b c` ADD COLUMN n INT, ALGORITHM=COPY, LOCK=EXCLUSIVE")
	if err := <-done; !errors.Is(err, errWaitedFor) {
		t.Errorf("got %v", err)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	go func() {
		testkit.Within(testkit.Patience, func() bool { return b.reading() })
		cancel(stop)
	}()
	if err := s.read(ctx, slow); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if b.reading() {
		t.Error("the server goes on with it")
	}

	conn, err := b.db.DB().Conn(t.Context())
	b.Must(err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "LOCK TABLES shop.orders WRITE")
	b.Must(err)
	n, err := b.countTable(t.Context(), s, Table{Schema: "shop", Name: "orders"})
	if err != nil || n.Why != Busy {
		t.Errorf("a locked table: %+v, %v", n, err)
	}
	if n, err := b.countTable(t.Context(), s, Table{Schema: "shop", Name: "a-b c"}); err != nil || n.Why != "" || n.Rows != 1 {
		t.Errorf("another one then: %+v, %v", n, err)
	}
}

// reading reports whether the server carries out the slow statement.
func (b *bench) reading() bool {
	var n int
	err := b.db.DB().QueryRow("SELECT count(*) FROM information_schema.PROCESSLIST " +
		"WHERE INFO LIKE '%SLEEP(60)%' AND ID <> CONNECTION_ID()").Scan(&n)
	return err == nil && n > 0
}
