package config

import "strings"

// foreignKeys are keys of the programs that share the file. Some come close to
// ours and must not be taken for them.
var foreignKeys = map[string]bool{
	"api_host": true, "api_port": true, "cors_origins": true, "db_host": true,
	"jwt_algorithm": true, "jwt_secret_key": true, "log_file": true,
	"ssl_cert": true, "ssl_key": true,
}

// likelyKey returns the key of ours that a foreign one was probably meant to
// be, and "" where none comes close. Names that differ only in case,
// underscores and hyphens are the same; in long names two letters may be
// wrong, in middling ones one.
func likelyKey(key string) string {
	if foreignKeys[strings.ToLower(key)] {
		return ""
	}
	for _, s := range settings {
		if squeeze(s.key) == squeeze(key) {
			return s.key
		}
	}
	best, nearest := "", 3
	for _, s := range settings {
		allowed := 2
		switch {
		case len(s.key) < 5:
			continue
		case len(s.key) < 8:
			allowed = 1
		}
		if d := editDistance(s.key, strings.ToLower(key)); d <= allowed && d < nearest {
			best, nearest = s.key, d
		}
	}
	return best
}

func squeeze(key string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(key))
}

// editDistance counts the bytes to insert, delete or replace to turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
