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

// ConnectOptions begin every command line of a program that talks to the server. The
// two about files must come first, in this order.
func (srv *Server) ConnectOptions(c Credentials) []string {
	options := []string{"--defaults-file=" + srv.CredentialsFile, "--defaults-group-suffix=-dbcalm"}
	if srv.Host != "" && srv.Host != "localhost" {
		return append(options, "--host="+srv.Host)
	}
	if network, address := srv.Address(c); network == "unix" && c.Socket == "" {
		options = append(options, "--socket="+address)
	}
	return options
}
