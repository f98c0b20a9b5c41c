package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// ServerTimeout bounds every conversation with the server: one that hangs
// must not hang a client.
const ServerTimeout = 2 * time.Second

// Errors of the server that callers decide on.
var (
	// ErrServerDown: nothing answers. Clients look for this very text.
	ErrServerDown = errors.New(noBackup + "MySQL/MariaDB server is not running")
	// errLogin: the server answers and refuses the login.
	errLogin = errors.New("the server refused the login of the backup user")
)

const noBackup = "cannot create backup, "

// Plainly tells an error of the server to whoever does not want a backup of it.
func Plainly(err error) string { return strings.TrimPrefix(err.Error(), noBackup) }

// Conn is a connection to the database server.
type Conn struct{ db *sql.DB }

// NewConn returns a connection of a pool that is then the connection's own.
func NewConn(db *sql.DB) *Conn { return &Conn{db: db} }

// Close ends the connection.
func (s *Conn) Close() { _ = s.db.Close() }

// Connect logs in to the server. Errors are ErrCredentials, ErrServerDown,
// errLogin or errTLS, each with what to do.
func (srv *Server) Connect(ctx context.Context) (*Conn, error) {
	return srv.connect(ctx, ServerTimeout)
}

// Open is Connect for the questions of another room, whose answers may be so long
// in coming; 0 for as long as it takes. It returns a pool of one connection, which
// the caller closes.
func (srv *Server) Open(ctx context.Context, patience time.Duration) (*sql.DB, error) {
	s, err := srv.connect(ctx, patience)
	if err != nil {
		return nil, err
	}
	return s.db, nil
}

// connect is Connect for questions whose answers may be so long in coming.
func (srv *Server) connect(ctx context.Context, patience time.Duration) (*Conn, error) {
	c, err := srv.Credentials()
	if err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.User, config.Passwd = c.User, c.Password
	config.Net, config.Addr = srv.Address(c)
	config.Timeout, config.ReadTimeout, config.WriteTimeout = ServerTimeout, patience, ServerTimeout
	config.AllowNativePasswords, config.AllowCleartextPasswords = true, false
	config.Logger = &mysql.NopLogger{}
	if config.TLS, err = c.TLS.config(config.Net, config.Addr); err != nil {
		return nil, fmt.Errorf("%w: %w: correct it in %s", errTLS, err, srv.CredentialsFile)
	}
	config.AllowFallbackToPlaintext = !c.TLS.Required && !c.TLS.VerifyHost
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	s, err := login(ctx, config)
	if config.TLS != nil && c.TLS == (TLS{}) && failedTLS(err) {
		// One whose encryption is too old for us: nobody has asked for any.
		config.TLS = nil
		s, err = login(ctx, config)
	}
	if err != nil {
		return nil, explainConnect(err, config)
	}
	return s, nil
}

func login(ctx context.Context, config *mysql.Config) (*Conn, error) {
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	s := NewConn(sql.OpenDB(connector))
	s.db.SetMaxOpenConns(1)
	if err := s.db.PingContext(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// failedTLS reports whether a login ended because no encryption came about.
func failedTLS(err error) bool {
	if err == nil {
		return false
	}
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return unverified || unknown || invalid || host || alert || record ||
		errors.Is(err, mysql.ErrNoTLS) || strings.Contains(err.Error(), "tls: ")
}

// defaultSockets are where packaged servers listen.
var defaultSockets = []string{"/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/run/mysql/mysql.sock", "/tmp/mysql.sock"}

// Address returns the network and address of the server: as the tools do, a
// host other than localhost means TCP and makes the socket be ignored.
func (srv *Server) Address(c Credentials) (network, address string) {
	host := srv.Host
	if host == "" || host == "localhost" {
		host = c.Host
	}
	if host != "" && host != "localhost" {
		port := c.Port
		if port == "" {
			port = "3306"
		}
		if strings.Contains(host, ":") {
			host = "[" + host + "]" // an IPv6 address
		}
		return "tcp", host + ":" + port
	}
	if c.Socket != "" {
		return "unix", c.Socket
	}
	for _, path := range defaultSockets {
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
			return "unix", path
		}
	}
	return "unix", defaultSockets[0]
}

// explainConnect tells a server that is down from one that hangs and from one
// that refuses us.
func explainConnect(err error, config *mysql.Config) error {
	user, address := config.User, config.Addr
	if errors.Is(err, ErrCredentials) {
		return err
	}
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		switch refused.Number {
		case 1040, 1203, 1226: // too many connections
			return fmt.Errorf("%w: too many connections: %s", errLogin, refused.Message)
		}
		return fmt.Errorf("%w '%s': %s: check user and password in the section [%s], and that the account exists%s",
			errLogin, user, refused.Message, CredentialsSection, tlsAdvice(config))
	}
	if failedTLS(err) {
		return fmt.Errorf("%w at %s: %w: correct ssl-ca, ssl-cert, ssl-key, ssl-verify-server-cert or tls-version "+
			"in the credentials file, or the server's certificate", errTLS, address, err)
	}
	if errors.Is(err, context.DeadlineExceeded) || os.IsTimeout(err) || errors.Is(err, mysql.ErrInvalidConn) ||
		strings.Contains(err.Error(), "i/o timeout") {
		return fmt.Errorf("%w: it does not answer at %s within %s", ErrServerDown, address, ServerTimeout)
	}
	return fmt.Errorf("%w: %w: start it, or correct socket or host in the credentials file", ErrServerDown, err)
}

// tlsAdvice is what else an account may demand of a login that was refused.
func tlsAdvice(config *mysql.Config) string {
	switch {
	case config.TLS == nil:
		return "; if it demands REQUIRE SSL, take out what turns ssl off"
	case len(config.TLS.Certificates) == 0:
		return "; if it demands REQUIRE X509, add ssl-cert and ssl-key, and ssl-ca"
	}
	return ""
}

// Reachable answers whether a backup can be begun: it tells an unusable
// credentials file, a server that is down or hangs, and a refused login
// apart, within serverTimeout.
func (srv *Server) Reachable(ctx context.Context) error {
	s, err := srv.Connect(ctx)
	if err != nil {
		return err
	}
	s.Close()
	return nil
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
