package binlog

import "testing"

func TestUnsafeStatements(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"UPDATE t SET a = 1 LIMIT 3":                        true,
		"delete from t order by id limit\n\t?":              true,
		"INSERT INTO t VALUES (uuid())":                     true,
		"INSERT INTO t SELECT SYSDATE()":                    true,
		"INSERT DELAYED INTO t VALUES (1)":                  true,
		"INSERT INTO t VALUES (NOW(), RAND(), @x)":          false,
		"INSERT INTO user (version, uuid) VALUES (1, 2)":    false,
		"UPDATE t SET `limit` = 2, my_uuid = 3, uuid_of(1)": false,
		"SELECT LIMIT": false,
		"":             false,
		"INSERT INTO t VALUES ('A_VERY_LONG_MASTER_GTID_WAIT(')": false,
	} {
		if got := isUnsafe([]byte(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}
