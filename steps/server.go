package steps

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// serverTimeout bounds every conversation with the server: one that hangs
// must not hang a client.
const serverTimeout = 2 * time.Second

// Errors of the server that callers decide on.
var (
	// ErrServerDown: nothing answers. Clients look for this very text.
	ErrServerDown = errors.New("cannot create backup, MySQL/MariaDB server is not running")
	// ErrLogin: the server answers and refuses the login.
	ErrLogin = errors.New("the server refused the login of the backup user")
)

// ServerInfo is what a server says of itself.
type ServerInfo struct {
	// Flavour is MariaDB or MySQL.
	Flavour string `json:"flavour"`
	// Version is the server's full version text.
	Version string `json:"version"`
	// UID tells this server's installation from all others; empty if the
	// server has none.
	UID     string `json:"uid,omitempty"`
	DataDir string `json:"data_dir"`
	// DataBirth is when its data directory was created; the zero time where
	// nothing tells.
	DataBirth time.Time `json:"data_birth,omitzero"`
	Binlog    bool      `json:"binlog"`
	// LowerCaseTables is the variable lower_case_table_names, which must be the
	// same wherever the data is used.
	LowerCaseTables int `json:"lower_case_table_names,omitempty"`
	// Elsewhere lists the options by which it keeps files of its data outside
	// its data directory, as "name=folder".
	Elsewhere []string `json:"elsewhere,omitempty"`
	// RedoArchive are the folders in which it archives its redo log while a
	// backup runs, as "label:folder;…"; empty for none.
	RedoArchive string `json:"redo_archive,omitempty"`
	// Encryption lists what makes its backups need its keyring.
	Encryption []string `json:"encryption,omitempty"`
	// LSN is the current log sequence number; 0 if the server did not tell.
	LSN uint64 `json:"lsn,omitempty"`
}

// server is a connection to the database server.
type server struct{ db *sql.DB }

func (s *server) close() { _ = s.db.Close() }

// connect logs in to the server. Errors are ErrCredentials, ErrServerDown or
// ErrLogin, each with what to do.
func (h *Host) connect(ctx context.Context) (*server, error) {
	c, err := h.Credentials()
	if err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.User, config.Passwd = c.User, c.Password
	config.Net, config.Addr = h.address(c)
	config.Timeout, config.ReadTimeout, config.WriteTimeout = serverTimeout, serverTimeout, serverTimeout
	config.AllowNativePasswords, config.AllowCleartextPasswords = true, false
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	s := &server{db: sql.OpenDB(connector)}
	s.db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	if err := s.db.PingContext(ctx); err != nil {
		s.close()
		return nil, explainConnect(err, config.User, config.Addr)
	}
	return s, nil
}

// defaultSockets are where packaged servers listen.
var defaultSockets = []string{"/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/run/mysql/mysql.sock", "/tmp/mysql.sock"}

// address returns the network and address of the server: as the tools do, a
// host other than localhost means TCP and makes the socket be ignored.
func (h *Host) address(c Credentials) (network, address string) {
	host := h.Host
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
func explainConnect(err error, user, address string) error {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		switch refused.Number {
		case 1040, 1203, 1226: // too many connections
			return fmt.Errorf("%w: too many connections: %s", ErrLogin, refused.Message)
		}
		return fmt.Errorf("%w '%s': %s: check user and password in the section [%s], and that the account exists", ErrLogin, user, refused.Message, CredentialsSection)
	}
	if errors.Is(err, context.DeadlineExceeded) || os.IsTimeout(err) || errors.Is(err, mysql.ErrInvalidConn) || strings.Contains(err.Error(), "i/o timeout") {
		return fmt.Errorf("%w: it does not answer at %s within %s", ErrServerDown, address, serverTimeout)
	}
	return fmt.Errorf("%w: %w: start it, or correct socket or host in the credentials file", ErrServerDown, err)
}

// info asks the server about itself.
func (s *server) info(ctx context.Context) (ServerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	var info ServerInfo
	var comment string
	if err := s.db.QueryRowContext(ctx, `SELECT @@version, @@version_comment, @@datadir, @@log_bin, @@lower_case_table_names`).
		Scan(&info.Version, &comment, &info.DataDir, &info.Binlog, &info.LowerCaseTables); err != nil {
		return info, fmt.Errorf("ask the server for its version: %w", err)
	}
	info.DataBirth = dataBirth(info.DataDir)
	info.Flavour = MySQL
	if strings.Contains(strings.ToLower(info.Version+comment), MariaDB) {
		info.Flavour = MariaDB
	}
	for _, variable := range []string{"server_uuid", "server_uid"} {
		if value, err := s.show(ctx, `SHOW GLOBAL VARIABLES LIKE '`+variable+`'`); err == nil && value != "" {
			info.UID = value
			break
		}
	}
	for _, option := range splitOptions {
		variable := strings.ReplaceAll(option, "-", "_")
		if value, err := s.show(ctx, `SHOW GLOBAL VARIABLES LIKE '`+variable+`'`); err == nil && outside(info.DataDir, value) {
			info.Elsewhere = append(info.Elsewhere, option+"="+value)
		}
	}
	if info.Flavour == MySQL {
		// Older ones have no such variable.
		info.RedoArchive, _ = s.show(ctx, `SHOW GLOBAL VARIABLES LIKE 'innodb_redo_log_archive_dirs'`)
	}
	var err error
	if info.LSN, err = s.lsn(ctx); err != nil {
		return info, err
	}
	return info, nil
}

// show returns the value of a SHOW … LIKE of one name, empty for none.
func (s *server) show(ctx context.Context, query string) (string, error) {
	var name, value string
	err := s.db.QueryRowContext(ctx, query).Scan(&name, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

var versionNumber = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

// Reachable answers whether a backup can be begun: it tells an unusable
// credentials file, a server that is down or hangs, and a refused login
// apart, within serverTimeout.
func (h *Host) Reachable(ctx context.Context) error {
	s, err := h.connect(ctx)
	if err != nil {
		return err
	}
	s.close()
	return nil
}
