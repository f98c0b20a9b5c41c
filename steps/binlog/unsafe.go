package binlog

import "strings"

// unsafeWords are of what a server calls unsafe to log as a statement, but for what
// the log has the value of, such as RAND, NOW, LAST_INSERT_ID and variables; with
// what has to come behind a word so that it is one.
// https://mariadb.com/kb/en/unsafe-statements-for-statement-based-replication
var unsafeWords = map[string]string{
	"LIMIT": "0123456789?@", "DELAYED": "",
	"UUID": "(", "UUID_SHORT": "(", "SYS_GUID": "(", "RANDOM_BYTES": "(", "SYSDATE": "(", "LOAD_FILE": "(", "VERSION": "(", "SLEEP": "(",
	"USER": "(", "CURRENT_USER": "(", "SESSION_USER": "(", "SYSTEM_USER": "(", "CURRENT_ROLE": "(", "FOUND_ROWS": "(", "ROW_COUNT": "(",
	"GET_LOCK": "(", "RELEASE_LOCK": "(", "IS_FREE_LOCK": "(", "IS_USED_LOCK": "(", "MASTER_POS_WAIT": "(", "MASTER_GTID_WAIT": "(",
}

const longestUnsafe = len("MASTER_GTID_WAIT")

// isUnsafe reports whether the words of a statement are such that its effect may
// depend on more than the data. It is asked of every statement of a log, and keeps
// nothing.
func isUnsafe(text []byte) bool {
	var word [longestUnsafe]byte
	for at := 0; at < len(text); {
		n := 0
		for at < len(text) && isWord(text[at]) {
			if n < longestUnsafe {
				word[n] = upper(text[at])
			}
			n++
			at++
		}
		if n == 0 {
			at++
			continue
		}
		if n > longestUnsafe {
			continue
		}
		if behind, known := unsafeWords[string(word[:n])]; known && isBehind(text[at:], behind) {
			return true
		}
	}
	return false
}

// isBehind reports whether one of some characters comes next, after spaces where
// that is no bracket: with spaces before it, it is that of a table's columns.
func isBehind(text []byte, wanted string) bool {
	if wanted == "" {
		return true
	}
	for wanted != "(" && len(text) > 0 && strings.IndexByte(" \t\r\n", text[0]) >= 0 {
		text = text[1:]
	}
	return len(text) > 0 && strings.IndexByte(wanted, text[0]) >= 0
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}
