package server

// names are those that a server is installed under, the preferred one first.
var names = map[string][]string{
	MariaDB: {"mariadbd", "mysqld"},
	MySQL:   {"mysqld"},
}

// Names returns the names that a kind of server is installed under, the preferred
// one first.
func Names(dbType string) []string { return names[dbType] }
