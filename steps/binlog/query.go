package binlog

import (
	"encoding/binary"
	"strings"
)

// query is a statement in a binary log.
type query struct {
	// text is its beginning; empty where that is compressed.
	text string
	// unsafe: what it does may depend on more than the data and on what the log has
	// beside it.
	unsafe bool
}

func parseQuery(e *event, f *Format) (query, error) {
	var q query
	if len(e.body) < f.queryHeader {
		return q, broken(e.offset, "a query event of %d bytes", len(e.body))
	}
	database := int(e.body[8])
	variables := int(binary.LittleEndian.Uint16(e.body[11:]))
	at := f.queryHeader + variables + database + 1
	if at > len(e.body) {
		return q, broken(e.offset, "a query event whose parts are longer than it is")
	}
	if e.kind == typeQuery {
		text := e.body[at:]
		q.text = strings.ToValidUTF8(string(text[:min(len(text), shownQuery)]), "\ufffd")
		q.unsafe = isUnsafe(text)
	}
	return q, nil
}

// ends reports whether it ends a transaction. The server itself writes these.
func (q query) ends() bool {
	return q.text == "COMMIT" || q.text == "ROLLBACK" || strings.HasPrefix(q.text, "XA COMMIT ") || strings.HasPrefix(q.text, "XA ROLLBACK ")
}

// isMark reports whether it changes nothing itself: it marks a place in a
// transaction, or goes back to one.
func (q query) isMark() bool {
	for _, word := range []string{"SAVEPOINT ", "ROLLBACK TO ", "XA "} {
		if strings.HasPrefix(q.text, word) {
			return true
		}
	}
	return false
}

// parseTableMap reads the name of the table that rows are written to.
func parseTableMap(e *event) (string, error) {
	const namesAt = 8
	rest := e.body
	var names [2]string
	if len(rest) < namesAt {
		return "", broken(e.offset, "a table map of %d bytes", len(rest))
	}
	rest = rest[namesAt:]
	for i := range names {
		// A length, the name, and a zero.
		if len(rest) < 1 || len(rest) < int(rest[0])+2 {
			return "", broken(e.offset, "a table map without a name")
		}
		names[i] = string(rest[1 : 1+int(rest[0])])
		rest = rest[int(rest[0])+2:]
	}
	return names[0] + "." + names[1], nil
}

// parseRotate reads which file comes next.
func parseRotate(e *event) (string, error) {
	const nameAt = 8
	if len(e.body) <= nameAt {
		return "", broken(e.offset, "a rotation to no file")
	}
	return string(e.body[nameAt:]), nil
}
