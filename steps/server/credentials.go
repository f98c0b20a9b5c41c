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
	for _, turn := range srv.toolTurns() {
		for _, o := range file.Of(turn...) {
			// MySQL's own programs tell capital letters from small ones.
			if srv.DBType == MySQL && capitals(o) {
				return nil, encryption, srv.unknownOption("xtrabackup", o)
			}
			values[o.Key] = o.Value
			if err := encryption.set(o.Key, o.Value); err != nil {
				return nil, encryption, fmt.Errorf("in %s: %w", srv.CredentialsFile, err)
			}
		}
	}
	if protocol, set := values["protocol"]; set {
		return nil, encryption, fmt.Errorf("%s sets protocol=%s, by which the tool may go to another server than the daemon, "+
			"which has no such option: take it out, and set host=127.0.0.1 to connect by TCP, or socket",
			srv.CredentialsFile, protocol)
	}
	return values, encryption, nil
}

// toolTurns returns toolSections with those that end in groupSuffix.
func (srv *Server) toolTurns() [][]string {
	turns, known := toolSections[srv.DBType]
	if !known {
		turns = toolSections[MariaDB]
	}
	var all [][]string
	for _, turn := range turns {
		sections := slices.Clone(turn)
		for _, section := range turn {
			sections = append(sections, section+groupSuffix)
		}
		all = append(all, sections)
	}
	return all
}

// capitals reports whether an option by which one logs in, or encrypts, is written
// with capital letters.
func capitals(o optionfile.Option) bool {
	return o.Written != strings.ToLower(o.Written) &&
		(slices.Contains(loginKeys, o.Key) || strings.Contains(o.Key, "ssl") || o.Key == "tls-version")
}

func (srv *Server) unknownOption(tool string, o optionfile.Option) error {
	return fmt.Errorf("%s does not know the option %s in %s: write it in small letters", tool, o.Written, srv.CredentialsFile)
}

// checkSpelling refuses credentials from which the tool of a server's series would
// read less than the daemon does, and so log in as another account. MariaDB's of
// 10.5 passes over options in capital letters, that of 10.11 reads them; none between
// was tried.
func (srv *Server) checkSpelling(info Info) error {
	if info.Flavour != MariaDB || AtLeast(info.Version, 10, 11) {
		return nil
	}
	file, err := optionfile.Read(srv.CredentialsFile)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	for _, o := range file.Of(slices.Concat(srv.toolTurns()...)...) {
		if capitals(o) {
			return fmt.Errorf("%w: %w", ErrCredentials, srv.unknownOption("mariadb-backup "+Series(info.Version), o))
		}
	}
	return nil
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
