package mariadbtest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The invariant is worth something only if a real backup under the writer
// keeps it.
func TestInvariantHoldsInABackupUnderTheWriter(t *testing.T) {
	t.Parallel()
	s := Start(t, WithBinlog())
	FillTables(t, s.DB(), 12, 2000)
	w := StartWriter(t, s.DB())
	if err := w.Await(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(s.Dir, "full")
	run(t, "mariabackup", "--defaults-file="+s.CredentialsFile, "--defaults-group-suffix=-dbcalm", "--backup", "--target-dir="+target)
	if err := w.Await(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	if err := w.Stop(); err != nil {
		t.Fatalf("writer: %v", err)
	}
	if err := VerifyInvariant(s.DB()); err != nil {
		t.Fatalf("on the server itself: %v", err)
	}
	s.Stop()
	run(t, "mariabackup", "--prepare", "--target-dir="+target)
	s.StartOn(target)
	if err := VerifyInvariant(s.DB()); err != nil {
		t.Error(err)
	}
	if err := CheckTables(s.DB()); err != nil {
		t.Error(err)
	}
}

func TestWriterGoesOnAfterAKilledServer(t *testing.T) {
	t.Parallel()
	s := Start(t)
	w := StartWriter(t, s.DB())
	if err := w.Await(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := w.Await(t.Context(), 1_000_000); err == nil {
		t.Error("Await: no error after the server was killed")
	}
	if err := w.Stop(); err == nil {
		t.Error("Stop: no error after the server was killed")
	}
	s.Start()
	next := StartWriter(t, s.DB())
	if err := next.Await(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	if err := next.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := VerifyInvariant(s.DB()); err != nil {
		t.Error(err)
	}
}

func TestVerifyInvariantRefuses(t *testing.T) {
	t.Parallel()
	s := Start(t)
	w := StartWriter(t, s.DB())
	if err := w.Await(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	if err := w.Stop(); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, breakIt, mend, want string }{
		{"money from nowhere", "UPDATE bank.account SET balance = balance + 1 WHERE id = 1",
			"UPDATE bank.account SET balance = balance - 1 WHERE id = 1", "accounts hold"},
		{"money moved without a line", "UPDATE bank.account SET balance = balance + IF(id = 1, 1, -1) WHERE id IN (1, 2)",
			"UPDATE bank.account SET balance = balance - IF(id = 1, 1, -1) WHERE id IN (1, 2)", "2 balances differ"},
		{"line missing", "UPDATE bank.ledger SET seq = -5 WHERE seq = 5",
			"UPDATE bank.ledger SET seq = 5 WHERE seq = -5", "bank.ledger"},
		{"counter with a gap", "DELETE FROM bank.counter_myisam WHERE seq = 5",
			"INSERT INTO bank.counter_myisam VALUES (5)", "counter_myisam"},
		{"counter ahead", "INSERT INTO bank.counter_aria SELECT MAX(seq) + 1 FROM bank.ledger",
			"DELETE FROM bank.counter_aria ORDER BY seq DESC LIMIT 1", "it ends at"},
		{"counter far behind", "DELETE FROM bank.counter_aria ORDER BY seq DESC LIMIT 2",
			"INSERT INTO bank.counter_aria SELECT seq FROM bank.counter_myisam ORDER BY seq DESC LIMIT 2", "it ends at"},
	}
	for _, test := range tests {
		s.Exec(test.breakIt)
		if err := VerifyInvariant(s.DB()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", test.name, err, test.want)
		}
		s.Exec(test.mend)
		if err := VerifyInvariant(s.DB()); err != nil {
			t.Fatalf("%s: mended, yet %v", test.name, err)
		}
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
