package server

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// Whom the tool gets in, we get in, and whom the server refuses, we say why.
func TestEncryptedLogins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testkit.NewAuthority(t, dir, "ca")
	ca.Sign("localhost")
	ca.Sign("client")
	testkit.NewAuthority(t, dir, "other")
	in := func(name string) string { return filepath.Join(dir, name) }
	db := mariadbtest.Start(t, mariadbtest.WithArgs("--ssl-ca="+in("ca.pem"), "--ssl-cert="+in("localhost.pem"),
		"--ssl-key="+in("localhost.key")))
	series := mariadbtest.ServerSeries(t)
	db.Exec("CREATE USER secure@localhost IDENTIFIED BY 's3cret' REQUIRE SSL",
		"CREATE USER known@localhost IDENTIFIED BY 's3cret' REQUIRE X509",
		"CREATE USER plain@localhost IDENTIFIED BY 's3cret'")
	const certificate = "no encrypted connection to the server"
	const denied = "the server refused the login of the backup user '"
	for _, test := range []struct{ user, options, want string }{
		{"secure", "", ""},
		{"secure", "ssl\n", ""},
		{"secure", "ssl-ca=DIR/ca.pem\n", ""},
		{"secure", "SSL_CA=DIR/ca.pem\ntls_version=TLSv1.2\n", ""},
		{"secure", "ssl-ca=DIR/ca.pem\ntls-version=TLSv1.3\n", ""},
		{"secure", "skip-ssl\nssl-ca=DIR/ca.pem\n", ""},
		{"secure", "ssl-ca=DIR/ca.pem\nskip-ssl\n", denied + "secure': Access denied for user 'secure'@'localhost'"},
		{"secure", "ssl=0\n", "if it demands REQUIRE SSL, take out what turns ssl off"},
		{"secure", "ssl-ca=DIR/other.pem\n", certificate},
		{"secure", "ssl-ca=DIR/nowhere.pem\n", "read ssl-ca: open DIR/nowhere.pem: no such file or directory: correct it in "},
		{"secure", "ssl-verify-server-cert\n", certificate},
		{"secure", "ssl-ca=DIR/ca.pem\nssl-verify-server-cert\n", ""},
		{"known", "ssl-ca=DIR/ca.pem\n", denied + "known': Access denied for user 'known'@'localhost' (using password: YES): " +
			"check user and password in the section [client-dbcalm], and that the account exists; " +
			"if it demands REQUIRE X509, add ssl-cert and ssl-key, and ssl-ca"},
		{"known", "ssl-ca=DIR/ca.pem\nssl-cert=DIR/client.pem\nssl-key=DIR/client.key\n", ""},
		{"known", "ssl-cert=DIR/client-both.pem\n", ""},
		{"known", "ssl-cert=DIR/client.pem\n", "read ssl-cert and ssl-key: "},
		{"plain", "skip-ssl\n", ""},
		{"plain", "ssl-ca=DIR/other.pem\nskip-ssl\n", ""},
	} {
		h := serverOf(t, db)
		h.CredentialsFile = h.WriteCredentials(fmt.Sprintf("[client-dbcalm]\nuser=%s\npassword=s3cret\nsocket=%s\n",
			test.user, db.Socket) + strings.ReplaceAll(test.options, "DIR", dir))
		err := h.Reachable(t.Context())
		if test.want != "" {
			testkit.Says(t, err, strings.ReplaceAll(test.want, "DIR", dir))
		} else if err != nil {
			t.Errorf("%s with %q: %v", test.user, test.options, err)
		}
		if errors.Is(err, ErrServerDown) {
			t.Errorf("%s with %q: the server is said to be down: %v", test.user, test.options, err)
		}
		out, _ := exec.Command("mariadb-backup", "--defaults-file="+h.CredentialsFile, "--defaults-group-suffix="+groupSuffix, "--backup",
			"--target-dir="+filepath.Join(h.Dir, "target"), "--datadir="+h.DataDir).CombinedOutput()
		if gotIn := strings.Contains(string(out), "Using server version"); gotIn != (err == nil) && !toolDiffers(series, test.options) {
			t.Errorf("%s with %q: the tool got in: %v, and we: %v\n%s", test.user, test.options, gotIn, err, out)
		}
	}
}

// toolDiffers reports whether the tool of a series is known to take options
// otherwise than we do. That of 10.5 encrypts only when it is told to, and knows no
// capital letters; of both a failed login tells. That of 11.8 encrypts whatever it
// is told, and takes the server's knowledge of the password for a certificate's
// signature: we refuse more than it would.
func toolDiffers(series, options string) bool {
	switch series {
	case "10.5":
		return options == "" || strings.Contains(options, "SSL_CA")
	case "11.8":
		return strings.HasSuffix(options, "skip-ssl\n") || options == "ssl=0\n" || options == "ssl-verify-server-cert\n"
	}
	return false
}

// A server that does not encrypt is logged in to, unless its certificate is to be
// looked at.
func TestServerThatDoesNotEncrypt(t *testing.T) {
	t.Parallel()
	db := mariadbtest.Start(t, mariadbtest.WithArgs("--skip-ssl"))
	h := serverOf(t, db)
	testkit.NewAuthority(t, h.Dir, "ca")
	for options, want := range map[string]string{
		"":                               "",
		"ssl-ca=DIR/ca.pem\n":            "",
		"ssl-verify-server-cert\n":       "no encrypted connection to the server at ",
		"ssl-mode=REQUIRED\n":            "no encrypted connection to the server at ",
		"ssl-mode=SOMETIMES\n":           "ssl-mode=SOMETIMES is none of DISABLED, PREFERRED",
		"ssl-mode=disabled\n":            "",
		"tls-version=SSLv3\n":            `tls-version names "SSLv3": TLSv1.2 and TLSv1.3 are right`,
		"ssl-crl=/etc/crl.pem\n":         "the tool heeds ssl-crl, and the daemon cannot: take it out",
		"ssl-capath=DIR/nowhere\n":       "read ssl-capath: open ",
		"ssl-ca=DIR/credentials.cnf\n":   "read ssl-ca: there is no certificate in ",
		"ssl-ca=DIR/ca.pem\nssl-ca=\n":   "",
		"ssl-mode=VERIFY_IDENTITY\n":     "no encrypted connection to the server at ",
		"disable-ssl-verify-server-cert": "",
	} {
		h.CredentialsFile = h.WriteCredentials(fmt.Sprintf("[client-dbcalm]\nuser=%s\npassword=%s\nsocket=%s\n",
			db.User, db.Password, db.Socket) + strings.ReplaceAll(options, "DIR", h.Dir))
		err := h.Reachable(t.Context())
		if want != "" {
			testkit.Says(t, err, want)
		} else if err != nil {
			t.Errorf("with %q: %v", options, err)
		}
	}
}
