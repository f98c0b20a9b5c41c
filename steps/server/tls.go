package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// errTLS: no encrypted connection comes about, as the credentials ask for one.
var errTLS = errors.New("no encrypted connection to the server")

// TLS is how a connection is encrypted. The zero value is the tools' default:
// encrypted if the server can, with whatever certificate it has.
type TLS struct {
	// Off: never. Required: or not at all.
	Off, Required bool
	// CA and CAPath are a file and a folder of certificates, one of which must have
	// signed the server's; Cert and Key are our own.
	CA, CAPath, Cert, Key string
	// VerifyHost also demands that the server's certificate is for its host.
	VerifyHost bool
	// Versions are those allowed, such as "TLSv1.2,TLSv1.3".
	Versions string
}

// set takes notice of an option, as the tools do: the last one counts, and one
// that names a file turns encryption on again. An error is an option that the
// tools heed and we cannot.
func (t *TLS) set(key, value string) error {
	on := !slices.Contains([]string{"0", "off", "false"}, strings.ToLower(value))
	for _, prefix := range []string{"skip-", "disable-", "enable-"} {
		if rest, is := strings.CutPrefix(key, prefix); is {
			key, on = rest, prefix == "enable-"
		}
	}
	files := map[string]*string{"ssl-ca": &t.CA, "ssl-capath": &t.CAPath, "ssl-cert": &t.Cert, "ssl-key": &t.Key}
	switch {
	case files[key] != nil:
		*files[key] = value
		t.Off = t.Off && value == ""
	case key == "ssl":
		t.Off = !on
	case key == "ssl-verify-server-cert":
		t.VerifyHost = on
	case key == "tls-version":
		t.Versions = value
	case key == "ssl-mode":
		return t.setMode(strings.ToUpper(value))
	case key == "ssl-crl" || key == "ssl-crlpath":
		return fmt.Errorf("the tool heeds %s, and the daemon cannot: take it out", key)
	}
	return nil
}

// setMode takes notice of MySQL's own option.
func (t *TLS) setMode(mode string) error {
	t.Off, t.Required, t.VerifyHost = mode == "DISABLED", false, false
	switch mode {
	case "DISABLED", "PREFERRED":
	case "REQUIRED":
		t.Required = true
	case "VERIFY_CA":
		t.Required = true
	case "VERIFY_IDENTITY":
		t.Required, t.VerifyHost = true, true
	default:
		return fmt.Errorf("ssl-mode=%s is none of DISABLED, PREFERRED, REQUIRED, VERIFY_CA and VERIFY_IDENTITY", mode)
	}
	return nil
}

// tlsVersions are the names that tls-version may list.
var tlsVersions = map[string]uint16{"tlsv1.0": tls.VersionTLS10, "tlsv1": tls.VersionTLS10,
	"tlsv1.1": tls.VersionTLS11, "tlsv1.2": tls.VersionTLS12, "tlsv1.3": tls.VersionTLS13}

// config returns what a connection to an address is made with; nil for one that
// is not encrypted.
func (t TLS) config(network, address string) (*tls.Config, error) {
	if t.Off {
		return nil, nil
	}
	// #nosec G402 -- as the clients of both servers do unless told otherwise: VerifyConnection then looks
	c := &tls.Config{InsecureSkipVerify: true}
	if t.Versions != "" {
		for name := range strings.SplitSeq(t.Versions, ",") {
			version, known := tlsVersions[strings.ToLower(strings.TrimSpace(name))]
			if !known {
				return nil, fmt.Errorf("tls-version names %q: TLSv1.2 and TLSv1.3 are right", name)
			}
			if c.MinVersion == 0 || version < c.MinVersion {
				c.MinVersion = version
			}
			c.MaxVersion = max(c.MaxVersion, version)
		}
	}
	if t.Cert != "" || t.Key != "" {
		cert, key := t.Cert, t.Key
		if cert == "" {
			cert = key
		}
		if key == "" {
			key = cert // a file may hold both
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("read ssl-cert and ssl-key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	roots, err := t.roots()
	if err != nil || roots == nil && !t.VerifyHost {
		return c, err
	}
	host := ""
	if t.VerifyHost {
		host = "localhost"
		if network == "tcp" {
			host = strings.Trim(address[:strings.LastIndexByte(address, ':')], "[]")
		}
	}
	c.VerifyConnection = func(state tls.ConnectionState) error { return verifyServer(state, roots, host) }
	return c, nil
}

// roots returns whose signature a server's certificate must have; nil for the
// system's.
func (t TLS) roots() (*x509.CertPool, error) {
	if t.CA == "" && t.CAPath == "" {
		return nil, nil
	}
	var files []string
	if t.CA != "" {
		files = append(files, t.CA)
	}
	if t.CAPath != "" {
		entries, err := os.ReadDir(t.CAPath)
		if err != nil {
			return nil, fmt.Errorf("read ssl-capath: %w", err)
		}
		for _, e := range entries {
			files = append(files, filepath.Join(t.CAPath, e.Name()))
		}
	}
	roots, found := x509.NewCertPool(), false
	for _, file := range files {
		// #nosec G304 -- the credentials file names it
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read ssl-ca: %w", err)
		}
		found = roots.AppendCertsFromPEM(text) || found
	}
	if !found {
		return nil, fmt.Errorf("read ssl-ca: there is no certificate in %s", strings.Join(files, ", "))
	}
	return roots, nil
}

// verifyServer checks who has signed a server's certificate and, unless host is
// empty, whose it is.
func verifyServer(state tls.ConnectionState, roots *x509.CertPool, host string) error {
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	leaf := state.PeerCertificates[0]
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host})
	// Certificates as old as many servers' have a common name and no other.
	if nameless, is := errors.AsType[x509.HostnameError](err); is &&
		len(nameless.Certificate.DNSNames) == 0 && strings.EqualFold(leaf.Subject.CommonName, host) {
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	}
	return err
}
