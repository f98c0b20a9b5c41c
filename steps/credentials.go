package steps

import (
	"bufio"
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
func (h *Host) Credentials() (Credentials, error) {
	info, err := os.Stat(h.CredentialsFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Credentials{}, fmt.Errorf("%w: create %s", ErrCredentials, h.CredentialsFile)
		}
		return Credentials{}, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	if info.Mode().Perm()&0o002 != 0 {
		// The tools ignore such a file with no more than a warning.
		return Credentials{}, fmt.Errorf("%w: the tools ignore %s because everyone may write it: chmod 600 it", ErrCredentials, h.CredentialsFile)
	}
	file, err := readOptionFile(h.CredentialsFile)
	if err != nil {
		return Credentials{}, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	section, found := file[CredentialsSection]
	if !found {
		return Credentials{}, fmt.Errorf("%w: add it to %s", ErrCredentials, h.CredentialsFile)
	}
	// The tools read [client] too, and the suffixed section after it.
	merged := map[string]string{}
	for _, options := range []map[string]string{file["client"], section} {
		for key, value := range options {
			merged[key] = value
		}
	}
	c := Credentials{User: merged["user"], Password: merged["password"], Host: merged["host"], Socket: merged["socket"], Port: merged["port"]}
	if c.User == "" {
		return c, fmt.Errorf("%w: the section in %s has no user", ErrCredentials, h.CredentialsFile)
	}
	return c, nil
}

// Redact hides the password in what a program has printed, before any of it
// is kept.
func (h *Host) Redact(output string) string {
	c, err := h.Credentials()
	if err != nil || len(c.Password) < minSecret {
		return output
	}
	return strings.NewReplacer(c.Password, "***", url.QueryEscape(c.Password), "***").Replace(output)
}

// minSecret is the length from which a password is told from ordinary text.
const minSecret = 4

// optionFile holds an option file's sections. Keys are written with dashes.
type optionFile map[string]map[string]string

// readOptionFile reads the format of MySQL's and MariaDB's option files
// (https://mariadb.com/kb/en/configuring-mariadb-with-option-files/), without
// include directives.
func readOptionFile(path string) (optionFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file := optionFile{}
	var section map[string]string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';' || line[0] == '!':
		case line[0] == '[':
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return nil, fmt.Errorf("read %s: section %q is not closed", path, line)
			}
			name = strings.TrimSpace(name)
			if file[name] == nil {
				file[name] = map[string]string{}
			}
			section = file[name]
		case section == nil:
			return nil, fmt.Errorf("read %s: %q stands before any section", path, strings.SplitN(line, "=", 2)[0])
		default:
			key, value, _ := strings.Cut(line, "=")
			section[strings.ReplaceAll(strings.TrimSpace(key), "_", "-")] = optionValue(value)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return file, nil
}

// optionValue takes quotes, escapes and a trailing comment off a value.
func optionValue(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') {
		if end := strings.LastIndexByte(text, text[0]); end > 0 {
			return unescapeOption(text[1:end])
		}
	}
	for i := 1; i < len(text); i++ {
		if text[i] == '#' && (text[i-1] == ' ' || text[i-1] == '\t') {
			text = strings.TrimSpace(text[:i])
			break
		}
	}
	return unescapeOption(text)
}

var optionEscapes = strings.NewReplacer(`\\`, `\`, `\s`, " ", `\t`, "\t", `\n`, "\n", `\r`, "\r", `\b`, "\b", `\"`, `"`, `\'`, "'")

func unescapeOption(text string) string { return optionEscapes.Replace(text) }
