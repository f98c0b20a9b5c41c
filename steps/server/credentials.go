package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// CredentialsSection is the section of the credentials file that is ours.
const CredentialsSection = "client-dbcalm"

// ErrCredentials: the credentials file cannot be used. Clients look for this
// very text.
var ErrCredentials = errors.New("credentials file not found or missing [client-dbcalm] section")

// Credentials are what the tools and we log in to the server with.
type Credentials struct {
	User, Password, Host, Socket, Port string
}

// Credentials reads the credentials file; every error is an ErrCredentials.
func (srv *Server) Credentials() (Credentials, error) {
	info, err := os.Stat(srv.CredentialsFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Credentials{}, fmt.Errorf("%w: create %s", ErrCredentials, srv.CredentialsFile)
		}
		return Credentials{}, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	if info.Mode().Perm()&0o002 != 0 {
		// The tools ignore such a file with no more than a warning.
		return Credentials{}, fmt.Errorf("%w: the tools ignore %s because everyone may write it: chmod 600 it", ErrCredentials, srv.CredentialsFile)
	}
	file, err := readOptionFile(srv.CredentialsFile)
	if err != nil {
		return Credentials{}, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	if !file.has(CredentialsSection) {
		return Credentials{}, fmt.Errorf("%w: add it to %s", ErrCredentials, srv.CredentialsFile)
	}
	// The tools read [client] too.
	o := file.values("client", CredentialsSection)
	c := Credentials{User: o["user"], Password: o["password"], Host: o["host"], Socket: o["socket"], Port: o["port"]}
	if c.User == "" {
		return c, fmt.Errorf("%w: the section in %s has no user", ErrCredentials, srv.CredentialsFile)
	}
	return c, nil
}

// Redact hides the password in what a program has printed, before any of it
// is kept.
func (srv *Server) Redact(output string) string { return srv.Redactor().Replace(output) }

// redactor hides the password as it now is.
func (srv *Server) Redactor() *strings.Replacer {
	c, err := srv.Credentials()
	if err != nil || len(c.Password) < minSecret {
		return strings.NewReplacer()
	}
	return strings.NewReplacer(c.Password, "***", url.QueryEscape(c.Password), "***")
}

// minSecret is the length from which a password is told from ordinary text.
const minSecret = 4
