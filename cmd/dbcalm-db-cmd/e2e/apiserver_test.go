package e2e

import "database/sql"

// asAPIServer runs statements as the API server does: with all its tables
// there, and with foreign keys enforced unless they say otherwise.
func (w *world) asAPIServer(db *sql.DB, statements ...string) {
	w.t.Helper()
	// What a statement sets is set for one connection.
	db.SetMaxOpenConns(1)
	for _, statement := range append([]string{`CREATE TABLE IF NOT EXISTS schedule (id INTEGER PRIMARY KEY AUTOINCREMENT)`}, statements...) {
		if _, err := db.Exec(statement); err != nil {
			w.t.Fatalf("%s: %v", statement, err)
		}
	}
}
