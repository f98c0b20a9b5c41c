package server

// Server is the host's database server, as the configuration describes it. Its
// methods may be called from any goroutine.
type Server struct {
	// DBType is MariaDB or MySQL.
	DBType string
	// CredentialsFile holds the section [client-dbcalm].
	CredentialsFile string
	// Host is the server's host; localhost means its Unix socket.
	Host    string
	DataDir string
	// DefaultsFile is the server's my.cnf, empty if it has none to tell of.
	DefaultsFile string
}
