package config

import "testing"

func TestLikelyKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"backupdir":        "backup_dir",
		"backup-dir":       "backup_dir",
		"BACKUP_DIR":       "backup_dir",
		"backup dir":       "backup_dir",
		"backup_dri":       "backup_dir",
		"backup_dirs":      "backup_dir",
		"dbtype":           "db_type",
		"db_typ":           "db_type",
		"Host":             "host",
		"HOST":             "host",
		"steam":            "stream",
		"compresion":       "compression",
		"Use_Memry":        "use_memory",
		"socket_paths":     "socket_path",
		"paralel":          "parallel",
		"maxConcurrent":    "max_concurrent",
		"hosts":            "",
		"post":             "",
		"strm":             "",
		"api_host":         "",
		"api_port":         "",
		"ssl_cert":         "",
		"ssl_key":          "",
		"jwt_secret_key":   "",
		"jwt_algorithm":    "",
		"cors_origins":     "",
		"log_file":         "",
		"db_host":          "",
		"db_name":          "",
		"something_else":   "",
		"backup_schedules": "",
		"":                 "",
	} {
		if got := likelyKey(key); got != want {
			t.Errorf("likelyKey(%q) = %q, want %q", key, got, want)
		}
	}
}

// None of the programs that share the file may be told that its key is a
// mistake, however close it comes to one of ours.
func TestForeignKeysAreNotOurs(t *testing.T) {
	t.Parallel()
	for key := range foreignKeys {
		if _, ours := findSetting(key); ours {
			t.Errorf("%s is both", key)
		}
		if likelyKey(key) != "" {
			t.Errorf("%s is warned about", key)
		}
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"kitten", "sitting", 3}, {"ab", "ba", 2}, {"abc", "ac", 1}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := editDistance(c.b, c.a); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
