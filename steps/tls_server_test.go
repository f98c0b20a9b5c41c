package steps

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// A chain is taken, counted, proved at boot and restored through an account that
// must encrypt, and one that must have a certificate.
func TestChainThroughAnAccountThatMustEncrypt(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	dir := t.TempDir()
	ca := testkit.NewAuthority(t, dir, "ca")
	ca.Sign("localhost")
	ca.Sign("client")
	in := func(name string) string { return filepath.Join(dir, name) }
	k := kits(t)[0]
	k.server = append(k.server, mariadbtest.WithArgs("--table-definition-cache=2000",
		"--ssl-ca="+in("ca.pem"), "--ssl-cert="+in("localhost.pem"), "--ssl-key="+in("localhost.key")))
	b := newKitBench(t, k)
	b.CountRows = CountOn
	login := func(demand, options string) {
		b.db.Exec(fmt.Sprintf("ALTER USER %s@localhost REQUIRE %s", b.db.User, demand))
		b.Server.CredentialsFile = b.WriteCredentials(fmt.Sprintf("[client-dbcalm]\nuser=%s\npassword=%s\nsocket=%s\n"+
			"ssl-ca=%s\nssl-verify-server-cert\n%s", b.db.User, b.db.Password, b.db.Socket, in("ca.pem"), options))
	}
	b.db.Exec(fmt.Sprintf("GRANT SELECT ON *.* TO %s@localhost", b.db.User))
	mariadbtest.FillTables(t, b.db.DB(), 3, 50)
	login("SSL", "")
	b.Must(b.take("full", ""))
	b.db.Exec("CREATE TABLE fill.later (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO fill.later SELECT seq FROM fill.seq_1_to_500")
	want := mariadbtest.Fingerprint(t, b.db.DB())
	login("X509", "ssl-cert="+in("client.pem")+"\nssl-key="+in("client.key")+"\n")
	b.Must(b.take("inc", "full"))
	said, err := b.proveAtBoot("verify", "full", "inc")
	if err != nil || !strings.Contains(said, "; compared with the server: rows of ") {
		t.Errorf("%q, %v", said, err)
	}
	login("X509", "")
	testkit.Says(t, b.take("refused", ""), "if it demands REQUIRE X509, add ssl-cert and ssl-key, and ssl-ca")
	b.db.Stop()
	b.Must(os.RemoveAll(b.Server.DataDir))
	b.Must(os.Mkdir(b.Server.DataDir, 0o750))
	restored, err := b.restore("database", "full", "inc")
	b.Must(err)
	b.db.StartOn(restored)
	if got := mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
		t.Errorf("restored is %v, not %v", got, want)
	}
}
