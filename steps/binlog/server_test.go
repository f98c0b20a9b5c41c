package binlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// workload is of everything that a server writes into its binary log.
var workload = slices.Concat([]string{
	`CREATE DATABASE shop`,
	`CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(2000), price INT) ENGINE=InnoDB`,
	`CREATE TABLE shop.plain (id INT, word TEXT) ENGINE=MyISAM`,
	`INSERT INTO shop.item (name, price) VALUES ('a', 1), ('b', 2)`,
}, mariadbtest.ByStatement, []string{
	`SET SESSION binlog_format='MIXED'`,
	`INSERT INTO shop.item (name) VALUES (UUID())`,
	`SET SESSION binlog_format='ROW'`,
	`INSERT INTO shop.plain VALUES (1, 'not transactional')`,
	`CREATE TABLE shop.copy AS SELECT * FROM shop.item`,
	`BEGIN`, `INSERT INTO shop.item (name) VALUES ('one')`, `SAVEPOINT here`, `INSERT INTO shop.plain VALUES (2, 'mixed')`,
	`ROLLBACK TO here`, `COMMIT`,
	`XA START 'one'`, `INSERT INTO shop.item (name) VALUES ('xa')`, `XA END 'one'`, `XA PREPARE 'one'`, `XA COMMIT 'one'`,
	`XA START 'two'`, `INSERT INTO shop.item (name) VALUES ('xa')`, `XA END 'two'`, `XA PREPARE 'two'`, `XA ROLLBACK 'two'`,
	`SET SESSION gtid_domain_id=7`, `INSERT INTO shop.item (name) VALUES ('other domain')`, `SET SESSION gtid_domain_id=0`,
	`SET SESSION server_id=42`, `INSERT INTO shop.item (name) VALUES ('other server')`, `SET SESSION server_id=1`,
	`INSERT INTO shop.copy (id, name) SELECT id + 100000, REPEAT('long ', 300) FROM shop.item, mysql.help_topic LIMIT 2000`,
	`FLUSH BINARY LOGS`,
}, mariadbtest.WithCode, []string{
	`TRUNCATE TABLE shop.copy`, `DROP TABLE shop.copy`,
}, mariadbtest.WithAColumn)

// What is read of a server's logs must be what the vendor's own program reads.
func TestReadsWhatTheVendorsProgramReads(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("mariadb-binlog")
	if err != nil {
		t.Fatalf("%v: install the Debian package mariadb-client (.ci/deps does it)", err)
	}
	for name, args := range map[string][]string{
		"plain":        nil,
		"no checksums": {"--binlog-checksum=NONE"},
		"compressed":   {"--log-bin-compress=ON", "--log-bin-compress-min-len=10"},
		"small files":  {"--max-binlog-size=4096"},
		"annotated":    {"--binlog-annotate-row-events=ON", "--binlog-row-image=MINIMAL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mariadbtest.Start(t, mariadbtest.WithBinlog(), mariadbtest.WithArgs(args...))
			server.DB().SetMaxOpenConns(1)
			server.Exec(workload...)
			var state string
			if err := server.DB().QueryRow(`SELECT @@GLOBAL.gtid_binlog_state`).Scan(&state); err != nil {
				t.Fatal(err)
			}
			server.Stop()
			files, err := filepath.Glob(filepath.Join(server.DataDir, "binlog.[0-9][0-9][0-9][0-9][0-9][0-9]"))
			if err != nil || len(files) < 2 {
				t.Fatalf("%v, %v", files, err)
			}
			var seen State
			for _, file := range files {
				got, ends := readAll(t, file, &seen)
				out, err := exec.Command(program, "--no-defaults", "--verify-binlog-checksum", file).CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				compareWith(t, string(out), got, ends)
			}
			want, err := ParseState(state)
			if err != nil || !seen.Equal(want) {
				t.Errorf("the log has seen %s, and the server says %s: %v", seen, state, err)
			}
		})
	}
}

// readAll returns the GTIDs of a file's groups, and the ends of all its parts.
func readAll(t *testing.T, path string, seen *State) (gtids []string, ends []int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scanner := NewScanner(f)
	for {
		part, err := scanner.Next()
		if errors.Is(err, io.EOF) {
			return gtids, ends
		}
		if err != nil {
			t.Fatalf("%s at %d: %v", path, scanner.Offset(), err)
		}
		ends = append(ends, part.End)
		switch {
		case part.Group != nil:
			gtids = append(gtids, part.Group.GTID.String())
			seen.Add(part.Group.GTID)
		case part.State != nil && !part.State.Equal(*seen):
			t.Errorf("%s begins after %s, and the one before ends with %s", path, part.State, seen)
		}
	}
}

var (
	eventAt   = regexp.MustCompile(`(?m)^# at (\d+)$`)
	eventGTID = regexp.MustCompile(`(?m)^#.*\tGTID (\d+-\d+-\d+|[0-9a-f-]{36}:\S+)`)
)

func compareWith(t *testing.T, printed string, gtids []string, ends []int64) {
	t.Helper()
	var want []string
	for _, found := range eventGTID.FindAllStringSubmatch(printed, -1) {
		want = append(want, found[1])
	}
	if !slices.Equal(gtids, want) {
		t.Errorf("got  %v\nwant %v", gtids, want)
	}
	at := map[string]bool{}
	for _, found := range eventAt.FindAllStringSubmatch(printed, -1) {
		at[found[1]] = true
	}
	for _, end := range ends[:len(ends)-1] {
		if !at[fmt.Sprint(end)] {
			t.Errorf("a part ends at %d, where no event begins in\n%s", end, strings.Join(gtids, " "))
		}
	}
}
