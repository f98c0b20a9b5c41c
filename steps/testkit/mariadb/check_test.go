package mariadbtest

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFingerprintSeesEveryChange(t *testing.T) {
	t.Parallel()
	s := Start(t)
	FillTables(t, s.DB(), 3, 20)
	changes := []string{
		"UPDATE fill.t000 SET remark = 'x' WHERE id = 3",
		"UPDATE fill.t001 SET amount = amount + 0.01 WHERE id = 3",
		"DELETE FROM fill.t002 WHERE id = 3",
		"CREATE TABLE fill.empty (id INT PRIMARY KEY)",
		"DROP TABLE fill.t000",
	}
	before := Fingerprint(t, s.DB())
	if len(before) != 3 || !strings.HasPrefix(before["fill.t000"], "20 rows") {
		t.Fatalf("fingerprint of three tables of 20 rows: %v", before)
	}
	for _, change := range changes {
		s.Exec(change)
		after := Fingerprint(t, s.DB())
		if maps.Equal(before, after) {
			t.Errorf("%s: fingerprint unchanged", change)
		}
		before = after
	}
}

func TestCheckTablesFindsDamage(t *testing.T) {
	t.Parallel()
	s := Start(t)
	FillTables(t, s.DB(), 3, 500)
	if err := CheckTables(s.DB()); err != nil {
		t.Fatalf("fresh tables: %v", err)
	}
	s.Stop()
	if err := os.Truncate(filepath.Join(s.DataDir, "fill", "t001.MYD"), 1000); err != nil {
		t.Fatal(err)
	}
	s.Start()
	if err := CheckTables(s.DB()); err == nil || !strings.Contains(err.Error(), "check table fill.t001") {
		t.Errorf("cut off MyISAM table: got %v", err)
	}
}
