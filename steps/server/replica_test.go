package server

import (
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

func TestPositionIsChecked(t *testing.T) {
	t.Parallel()
	for _, p := range []Position{
		{"mysqld-bin.000001", 4, ""}, {"ü log.000001", 4, "0-1-5,1-2-7"},
		{"b.1", 1 << 40, "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5:11,3e11fa47-71ca-11e1-9e33-c80aa9429563:tag_1:1"},
	} {
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	for want, p := range map[string]Position{
		"is no name of one": {"a'; DROP TABLE t; --", 4, ""}, `file "" is`: {"", 4, ""},
		"a/b": {"a/b", 4, ""}, `a\\`: {`a\`, 4, ""}, `a\n`: {"a\n", 4, ""},
		"GTID": {"a", 4, "0-1-5'"}, "GTID \"0-1-5 ": {"a", 4, "0-1-5 "},
		"GTID \"1111": {"a", 4, strings.Repeat("1", maxGTID+1)}, "position is 0": {"a", 0, ""},
	} {
		testkit.Says(t, p.Check(), want)
	}
}

func TestStatementsThatMakeAReplica(t *testing.T) {
	t.Parallel()
	const (
		maria, mysql = "SET GLOBAL gtid_slave_pos = '0-1-5';", "SET GLOBAL gtid_purged = '0-1-5';"
		master       = "CHANGE MASTER TO MASTER_HOST = 'PRIMARY', MASTER_PORT = 3306, " +
			"MASTER_USER = 'USER', MASTER_PASSWORD = 'PASSWORD', "
		source = "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'PRIMARY', SOURCE_PORT = 3306, " +
			"SOURCE_USER = 'USER', SOURCE_PASSWORD = 'PASSWORD', "
	)
	for _, test := range []struct {
		flavour, version, gtid string
		want                   string
	}{
		{MariaDB, "10.11.19-MariaDB", "0-1-5", maria + " " + master + "MASTER_USE_GTID = slave_pos; START SLAVE;"},
		{MariaDB, "10.11.19-MariaDB", "",
			master + "MASTER_LOG_FILE = 'b.1', MASTER_LOG_POS = 4, MASTER_USE_GTID = no; START SLAVE;"},
		{MySQL, "5.7.44", "", master + "MASTER_LOG_FILE = 'b.1', MASTER_LOG_POS = 4; START SLAVE;"},
		{MySQL, "8.0.36", "", source + "SOURCE_LOG_FILE = 'b.1', SOURCE_LOG_POS = 4; START REPLICA;"},
		{MySQL, "8.0.36", "0-1-5", "RESET MASTER; " + mysql + " " + source + "SOURCE_AUTO_POSITION = 1; START REPLICA;"},
		{MySQL, "8.4.2", "0-1-5",
			"RESET BINARY LOGS AND GTIDS; " + mysql + " " + source + "SOURCE_AUTO_POSITION = 1; START REPLICA;"},
	} {
		if got := strings.Join(Position{"b.1", 4, test.gtid}.Replicate(test.flavour, test.version), " "); got != test.want {
			t.Errorf("%s %s %q:\n%s\nwant\n%s", test.flavour, test.version, test.gtid, got, test.want)
		}
	}
}

// A log that cannot be archived says what to set, one that is hardly kept as well.
func TestBinaryLogIsJudged(t *testing.T) {
	t.Parallel()
	fit := BinaryLog{On: true, Flavour: MariaDB, Keeps: 24 * time.Hour, FileBytes: 1 << 30}
	for want, change := range map[string]func(*BinaryLog){
		"": func(b *BinaryLog) { b.Encrypted = true },
		"gtid_mode is OFF_PERMISSIVE, and only with ON": func(b *BinaryLog) { b.Flavour, b.GTIDMode = MySQL, "OFF_PERMISSIVE" },
		"gtid_mode is not known":                        func(b *BinaryLog) { b.Flavour = MySQL },
		"set log_bin in its my.cnf":                     func(b *BinaryLog) { b.On = false },
		"set log_slave_updates=ON":                      func(b *BinaryLog) { b.Partial = true },
	} {
		b := fit
		if change(&b); want == "" && b.Unfit() != "" || !strings.Contains(b.Unfit(), want) {
			t.Errorf("%+v: %q, want %q", b, b.Unfit(), want)
		}
	}
	for want, change := range map[string]func(*BinaryLog){
		"":                                   func(b *BinaryLog) { b.Keeps = 0 },
		"deletes its binary log after 10m0s": func(b *BinaryLog) { b.Keeps = 10 * time.Minute },
		"set max_binlog_total_size to many":  func(b *BinaryLog) { b.KeepsBytes = 1<<30 + 1 },
	} {
		b := fit
		if change(&b); want == "" && b.ShortLived() != "" || !strings.Contains(b.ShortLived(), want) {
			t.Errorf("%+v: %q, want %q", b, b.ShortLived(), want)
		}
	}
	for _, test := range []struct {
		seconds, days string
		want          time.Duration
	}{{"3600", "0.041667", time.Hour}, {"0", "0.000000", 0}, {"", "1.000000", 24 * time.Hour}, {"", "", 0}} {
		if got := kept(test.seconds, test.days); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}

// A replica is asked by the words that its version knows.
func TestReplicasAreKnown(t *testing.T) {
	t.Parallel()
	const running, older, newer = `SHOW GLOBAL STATUS LIKE 'Slaves_running'`, `SHOW SLAVE STATUS`, `SHOW REPLICA STATUS`
	row := [][]string{{"Waiting for source"}}
	for name, test := range map[string]struct {
		flavour, version string
		answers          map[string]any
		want             bool
	}{
		"MariaDB":           {MariaDB, "10.11.19-MariaDB", map[string]any{running: [][]string{{"Slaves_running", "1"}}}, true},
		"MariaDB, no one's": {MariaDB, "10.11.19-MariaDB", map[string]any{running: [][]string{{"Slaves_running", "0"}}}, false},
		"MySQL 5.7":         {MySQL, "5.7.44", map[string]any{older: row}, true},
		"MySQL 9.7":         {MySQL, "9.7.4", map[string]any{newer: row}, true},
		"MySQL, no one's":   {MySQL, "8.4.2", map[string]any{newer: []string{}}, false},
	} {
		got, err := NewConn(testkit.Recorded(t, test.answers)).isReplica(t.Context(), test.flavour, test.version)
		if err != nil || got != test.want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}
