package server

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// The tool says in its first line what it logs in with, and we must log in with
// the same.
func TestToolLogsInWithWhatWeDo(t *testing.T) {
	t.Parallel()
	info := Info{Flavour: MariaDB, Version: mariadbtest.ServerSeries(t) + ".1-MariaDB"}
	for _, text := range []string{
		"[client]\nuser=a\nsocket=/c\n[client-dbcalm]\nuser=b\nport=33\n",
		"[client-dbcalm]\nuser=b\n[client]\nuser=a\n",
		"[client-dbcalm]\nuser=b\n[client-mariadb]\nuser=c\n[client-server]\nhost=localhost\n",
		"[mariadb-backup]\nuser=d\nsocket=/d\n[client-dbcalm]\nuser=b\nsocket=/b\n",
		"[mariabackup]\nuser=d\n[xtrabackup-dbcalm]\nuser=e\n[client-dbcalm]\nuser=b\nport=3307\n",
		"[client-mariadb-dbcalm]\nuser=f\n[client-server-dbcalm]\nsocket=/f\n[mariadb-backup-dbcalm]\nport=44\n[client-dbcalm]\n",
		"[Client-DBCalm]\nUSER=a\nPassWord=x\nSOCKET=/s\n",
		"[client-dbcalm]\nloose_user=a\nloose-socket=/s\n",
		"[mysqld]\nuser=mysql\nsocket=/m\nport=1\n[server]\nuser=m\n[client-dbcalm]\nuser=b\n",
		"[client-dbcalm]\nuser=b\n!include DIR/more.cnf\nport=55\n",
	} {
		h := newServer(t)
		testkit.Write(t, h.Dir, map[string]string{"more.cnf": "[client]\nsocket=/more\nuser=more\n"})
		h.CredentialsFile = h.WriteCredentials(strings.ReplaceAll(text, "DIR", h.Dir))
		c, err := h.Credentials()
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		// There is no such server: it goes no further than that.
		out, _ := exec.Command("mariadb-backup", "--defaults-file="+h.CredentialsFile, "--defaults-group-suffix="+groupSuffix, "--backup",
			"--target-dir="+filepath.Join(h.Dir, "target"), "--datadir="+h.DataDir).CombinedOutput()
		_, said, _ := strings.Cut(string(out), "Connecting to ")
		said, _, _ = strings.Cut(strings.TrimPrefix(said, "MariaDB "), "\n")
		set := func(value string) string {
			if value == "" {
				return "not set"
			}
			return value
		}
		password := "not set"
		if c.Password != "" {
			password = "set"
		}
		host := c.Host
		if host == "" {
			host = "localhost"
		}
		want := fmt.Sprintf("server host: %s, user: %s, password: %s, port: %s, socket: %s", host, c.User, password, set(c.Port), set(c.Socket))
		if err := h.checkSpelling(info); err != nil && said != want {
			continue
		}
		if said != want {
			t.Errorf("of %q the tool says\n%s\nand we\n%s\n%s", text, said, want, out)
		}
	}
}

// A tool of long ago passes over options in capital letters.
func TestCredentialsInCapitalLetters(t *testing.T) {
	t.Parallel()
	old := Info{Flavour: MariaDB, Version: "10.5.29-MariaDB"}
	for text, want := range map[string]string{
		"[client-dbcalm]\nUSER=a\n":                             "mariadb-backup 10.5 does not know the option USER in ",
		"[client-dbcalm]\nuser=a\n[mariabackup]\nSSL_CA=/x\n":   "does not know the option SSL_CA in ",
		"[client-dbcalm]\nuser=a\n[mysqld]\nSocket=/x\n":        "",
		"[Client-DBCalm]\nuser=a\nMax_Allowed_Packet=1000000\n": "",
	} {
		h := newServer(t)
		h.WriteCredentials(text)
		err := h.checkSpelling(old)
		if want != "" {
			testkit.Says(t, err, ErrCredentials.Error(), want, "write it in small letters")
		} else if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if err := h.checkSpelling(Info{Flavour: MariaDB, Version: "10.11.1-MariaDB"}); err != nil {
			t.Errorf("%q, of a later version: %v", text, err)
		}
	}
}

func TestCredentialsThatTheToolReadsOtherwiseAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[client-dbcalm]\nuser=a\nprotocol=tcp\n":         "sets protocol=tcp, by which the tool may go to another server than the daemon",
		"[client-dbcalm]\nuser=a\n!include more.cnf\n":    "no absolute path",
		"[client-dbcalm]\nuser=a\n!include /nowhere/at\n": "read /nowhere/at, which ",
	} {
		h := newServer(t)
		h.WriteCredentials(text)
		_, err := h.Credentials()
		testkit.Says(t, err, ErrCredentials.Error(), want)
	}
	h := newServer(t)
	h.DBType = MySQL
	h.WriteCredentials("[xtrabackup]\nuser=x\n[client-dbcalm]\nuser=a\n[mariadb-backup]\nuser=m\n")
	if c, err := h.Credentials(); err != nil || c.User != "a" {
		t.Errorf("got %+v, %v", c, err)
	}
	h.WriteCredentials("[client-dbcalm]\nUSER=a\n")
	_, err := h.Credentials()
	testkit.Says(t, err, "xtrabackup does not know the option USER in "+h.CredentialsFile+": write it in small letters")
}
