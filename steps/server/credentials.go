package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps/optionfile"
)

// CredentialsSection is the section of the credentials file that is ours.
const CredentialsSection = "client-dbcalm"

// ErrCredentials: the credentials file cannot be used. Clients look for this
// very text.
var ErrCredentials = errors.New("credentials file not found or missing [client-dbcalm] section")

// Credentials are what the tools and we log in to the server with.
type Credentials struct {
	User, Password, Host, Socket, Port string
	TLS                                TLS
}

// Credentials reads the credentials file as the backup tool does; every error is
// an ErrCredentials. What the tool would read otherwise than we is one.
func (srv *Server) Credentials() (Credentials, error) {
	if _, err := os.Stat(srv.CredentialsFile); errors.Is(err, fs.ErrNotExist) {
		return Credentials{}, fmt.Errorf("%w: create %s", ErrCredentials, srv.CredentialsFile)
	}
	file, err := optionfile.Read(srv.CredentialsFile)
	if err != nil {
		return Credentials{}, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	if !file.Has(CredentialsSection) {
		return Credentials{}, fmt.Errorf("%w: add it to %s", ErrCredentials, srv.CredentialsFile)
	}
	o, encryption, err := srv.toolValues(file)
	if err != nil {
		return Credentials{}, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	c := Credentials{User: o["user"], Password: o["password"], Host: o["host"], Socket: o["socket"], Port: o["port"], TLS: encryption}
	if c.User == "" {
		return c, fmt.Errorf("%w: the section in %s has no user", ErrCredentials, srv.CredentialsFile)
	}
	return c, nil
}

// toolSections are those from which the tools take what they log in with, in
// turns: what a later turn reads counts more, wherever it stands. Of each they
// read the one that ends in groupSuffix as well.
var toolSections = map[string][][]string{
	MariaDB: {{"client", "client-server", "client-mariadb"}, {"xtrabackup", "mariabackup", "mariadb-backup"}},
	MySQL:   {{"xtrabackup", "client"}},
}

// groupSuffix is what the tools are told to look for at the end of a section.
const groupSuffix = "-dbcalm"

// loginKeys are the options that decide how one logs in.
var loginKeys = []string{"user", "password", "host", "socket", "port"}

// toolValues returns the options by which the tool logs in, and how it encrypts.
func (srv *Server) toolValues(file optionfile.File) (values map[string]string, encryption TLS, err error) {
	values = map[string]string{}
	turns, known := toolSections[srv.DBType]
	if !known {
		turns = toolSections[MariaDB]
	}
	for _, turn := range turns {
		sections := slices.Clone(turn)
		for _, section := range turn {
			sections = append(sections, section+groupSuffix)
		}
		for _, o := range file.Of(sections...) {
			// MySQL's own programs tell capital letters from small ones.
			if srv.DBType == MySQL && o.Written != strings.ToLower(o.Written) && slices.Contains(loginKeys, o.Key) {
				return nil, encryption, fmt.Errorf("xtrabackup does not know the option %s in %s: write it in small letters", o.Written, srv.CredentialsFile)
			}
			values[o.Key] = o.Value
			if err := encryption.set(o.Key, o.Value); err != nil {
				return nil, encryption, fmt.Errorf("in %s: %w", srv.CredentialsFile, err)
			}
		}
	}
	if protocol, set := values["protocol"]; set {
		return nil, encryption, fmt.Errorf("%s sets protocol=%s, by which the tool may go to another server than the daemon, which has no such option: take it out, and set host=127.0.0.1 to connect by TCP, or socket",
			srv.CredentialsFile, protocol)
	}
	return values, encryption, nil
}

// Redact hides the password in what a program has printed, before any of it
// is kept.
func (srv *Server) Redact(output string) string { return srv.Redactor().Replace(output) }

// Redactor hides the password as it now is.
func (srv *Server) Redactor() *strings.Replacer {
	c, err := srv.Credentials()
	if err != nil || len(c.Password) < minSecret {
		return strings.NewReplacer()
	}
	return strings.NewReplacer(c.Password, "***", url.QueryEscape(c.Password), "***")
}

// minSecret is the length from which a password is told from ordinary text.
const minSecret = 4
