package catalogue

import "dbcalm-db-cmd/persistence"

// snapshot is what the database says of backups at one time.
type snapshot struct {
	rows map[string]persistence.Backup
	// used are the backups that open operations use.
	used map[string]bool
	// made are the manifests, by their SHA-256, that operations of this ledger
	// have written.
	made map[string]bool
}

func (c snapshot) recorded(id string) bool { _, found := c.rows[id]; return found }
