package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/transport/client"
	"dbcalm-db-cmd/transport/wire"
)

// sampleChecks has one of each kind.
func sampleChecks() []api.Check {
	return []api.Check{
		{About: "configuration", OK: true, Detail: "/etc/dbcalm/config.yml has no problem"},
		{About: "privilege", Detail: "RELOAD is missing:\nrun GRANT RELOAD ON *.* TO 'dbcalm'@'localhost';"},
		{About: "room", Unknown: true, Detail: "not looked at: the size of the data is not known"},
		{About: "retention", Note: true, Detail: "none is set"},
	}
}

func TestDoctorTellsWhatItFound(t *testing.T) {
	t.Parallel()
	all := sampleChecks()
	path := configtest.Write(t, configtest.Minimal)
	for name, test := range map[string]struct {
		checks []api.Check
		code   int
	}{
		"all":     {all, exitAttention},
		"well":    {[]api.Check{all[0], all[3]}, exitOK},
		"unknown": {[]api.Check{all[0], all[2]}, exitAttention},
	} {
		for form, args := range map[string][]string{"txt": {"doctor"}, "json": {"doctor", "--json"}} {
			in := newInvocation(t, nil)
			in.diagnose = func(context.Context, *config.Loaded, time.Duration) []api.Check { return test.checks }
			in.expect(t, test.code, append(args, "--config", path)...)
			testkit.Golden(t, "doctor/"+name+"."+form, in.stdout.String()+"-- stderr\n"+in.stderr.String())
		}
	}
	in := newInvocation(t, nil)
	in.diagnose = func(context.Context, *config.Loaded, time.Duration) []api.Check { return all[:1] }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in.expectContext(ctx, t, exitInterrupted, "doctor", "--config", path)
}

func TestDoctorNeedsAConfiguration(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitConfig, "doctor", "--json", "--config", filepath.Join(t.TempDir(), "none.yml"))
	var report doctorReport
	if err := json.Unmarshal(in.stdout.Bytes(), &report); err != nil || report.Well || len(report.Checks) != 2 || !report.Checks[1].Unknown {
		t.Errorf("got %v, %s", err, &in.stdout)
	}
}

func TestDoctorLooksAtTheDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "db.sqlite3")
	c := &config.Config{StateDir: filepath.Join(dir, "state"), DatabasePath: path}
	expect := func(what string, wrong map[string]bool, unread bool, want ...string) {
		t.Helper()
		checks, _, err := databaseChecks(t.Context(), c, wrong, 0)
		if text := checksText(newInvocation(t, nil).screen, checks); (err != nil) != unread || !containsAll(text, want...) {
			t.Errorf("%s: %v\n%s\nwant %q", what, err, text, want)
		}
	}
	expect("a wrong key", map[string]bool{"database_path": true}, true, "? SQLite file")
	expect("another wrong key", map[string]bool{"state_dir": true}, true, "? ledger")
	expect("none", nil, false, "• ledger", "• SQLite file", "the daemon makes it when it starts")
	store, err := persistence.Open(t.Context(), persistence.Options{StateDir: c.StateDir, Shared: path})
	if err != nil {
		t.Fatal(err)
	}
	expect("in order", nil, false, "✓ ledger", "✓ schema", "✓ SQLite file", "✓ integrity")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("another file", nil, false, "✓ ledger", "✓ integrity")
	if err := os.WriteFile(path+"-wal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("without its index", nil, false, "✓ ledger", "? integrity", "cannot be read without changing it")
	if err := os.Remove(persistence.LedgerPath(c.StateDir)); err != nil {
		t.Fatal(err)
	}
	expect("neither", nil, true, "• ledger", "? integrity")
}

func TestDoctorLooksAtTheSockets(t *testing.T) {
	t.Parallel()
	// The folder of temporary files may be for one user alone, and every folder
	// on the way counts.
	dir, err := os.MkdirTemp("/tmp", "dbd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	group := os.Getegid()
	if os.Chown(dir, -1, 4242) == nil {
		group = 4242
	}
	socket := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_ = os.Chown(path, -1, group)
		return path
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	c := &config.Config{SocketPath: socket("s", 0o660), LegacySocketPath: socket("l", 0o660), SocketMode: 0o660}
	self := wire.Daemon{Version: versionText(), PID: 10, UID: os.Geteuid()}
	other := self
	other.PID = 11
	older := self
	older.Version = "v0"
	alive := func(self wire.Daemon) *fakeDaemon { return &fakeDaemon{self: self} }
	refusing := &fakeDaemon{err: &client.Refusal{Code: 400, Status: "Bad Request", Message: "Unknown command: daemon_show"}}
	shut := func(code int, status, message string) *fakeDaemon {
		return &fakeDaemon{err: &client.Refusal{Code: code, Status: status, Message: message}}
	}
	for name, test := range map[string]struct {
		main, legacy *fakeDaemon
		change       func(*config.Config)
		want         []string
	}{
		"in order": {alive(self), alive(self), nil,
			[]string{"✓ socket", "✓ daemon          process 10 answers, version", "✓ legacy socket"}},
		"no legacy": {alive(self), nil, func(c *config.Config) { c.LegacySocketPath = "" }, []string{"✓ socket", "✓ daemon"}},
		"another version": {alive(older), alive(older), nil, []string{"• daemon", "its version is v0", "start it again after an " +
			"upgrade", "✓ legacy"}},
		"too old to tell": {refusing, refusing, nil, []string{"• daemon", "older version", "✓ legacy"}},
		"not allowed": {shut(403, "Forbidden", "user 7 may not use this daemon"), shut(403, "Forbidden", "no"), nil,
			[]string{"? daemon          not looked at: user 7 may not use this daemon"}},
		"too busy": {shut(503, "Service Unavailable", "too many connections"), alive(self), nil,
			[]string{"✗ daemon          too many connections"}},
		"two daemons":     {alive(self), alive(other), nil, []string{"✗ legacy socket", "reaches process 11", "process 10"}},
		"only the legacy": {&fakeDaemon{err: noDaemon}, alive(other), nil, []string{"✗ daemon", "✗ legacy socket", "not on socket_path"}},
		"none":            {&fakeDaemon{err: noDaemon}, &fakeDaemon{err: noDaemon}, nil, []string{"✗ daemon", "✗ legacy socket", "start it"}},
		"another mode": {alive(self), alive(self), func(c *config.Config) { c.SocketMode = 0o600 }, []string{"✗ socket",
			"the configuration says group of its own, mode 0600: start the daemon again"}},
		"another group": {alive(self), alive(self), func(c *config.Config) { c.SocketGroup = "9999" }, []string{"✗ socket",
			"group 9999, mode 0660"}},
		"for one user": {alive(self), nil, func(c *config.Config) {
			c.SocketPath, c.LegacySocketPath, c.SocketMode = socket("own", 0o600), "", 0o600
		},
			[]string{"• socket", "set socket_mode"}},
		"not there": {alive(self), nil, func(c *config.Config) { c.SocketPath, c.LegacySocketPath = filepath.Join(dir, "none"), "" },
			[]string{"✗ socket", "is not there: start the daemon"}},
		"a file": {alive(self), nil, func(c *config.Config) { c.SocketPath, c.LegacySocketPath = dir, "" }, []string{"✗ socket",
			"is no socket: move it away"}},
		"wrong key": {alive(self), nil, nil, []string{"? socket"}},
	} {
		in := newInvocation(t, nil)
		config, wrong := *c, map[string]bool{"socket_path": name == "wrong key"}
		if test.change != nil {
			test.change(&config)
		}
		in.conversation.dial = func(path string) daemon {
			if path == config.LegacySocketPath {
				return test.legacy
			}
			return test.main
		}
		checks, _, _ := socketChecks(t.Context(), in.conversation.dial, &config, wrong)
		if text := checksText(newInvocation(t, nil).screen, checks); !containsAll(text, test.want...) {
			t.Errorf("%s: want %q in\n%s", name, test.want, text)
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := checkWay(c.SocketPath, group); err == nil || !containsAll(err.Error(), "may not pass the folder "+dir, "chmod g+x "+dir) {
		t.Errorf("got %v", err)
	}
	if err := checkWay(c.SocketPath, -1); err == nil || !containsAll(err.Error(), "other users may not pass", "chmod o+x "+dir) {
		t.Errorf("got %v", err)
	}
}

func TestDoctorSaysWhoseRightsCount(t *testing.T) {
	t.Parallel()
	own := os.Geteuid()
	for _, test := range []struct {
		running *wire.Daemon
		want    string
	}{
		{nil, "no daemon runs"}, {&wire.Daemon{UID: own}, "whom the daemon runs as too"}, {&wire.Daemon{UID: own + 4242},
			"for what the daemon may read and write, run sudo -u "},
	} {
		c := userCheck(test.running, true)
		if !strings.Contains(c.Detail, test.want) || c.Unknown != (test.running != nil && test.running.UID != own) {
			t.Errorf("got %+v", c)
		}
	}
}

func TestDoctorMayNotAsk(t *testing.T) {
	t.Parallel()
	if c := userCheck(nil, false); !c.Unknown || !strings.Contains(c.Detail, "cannot be asked: run this as that user, or as root") {
		t.Errorf("got %+v", c)
	}
	in := newInvocation(t, &fakeDaemon{err: &client.Unreachable{Path: "/run/x.sock", Advice: "run this as root", Err: syscall.EACCES}})
	checks, running, asked := socketChecks(t.Context(), in.conversation.dial, &config.Config{SocketPath: filepath.Join(t.TempDir(), "s")}, nil)
	if running != nil || asked || len(checks) != 2 || !checks[1].Unknown {
		t.Errorf("got %+v, %v, %t", checks, running, asked)
	}
}

func TestDoctorLooksAtTheRetention(t *testing.T) {
	t.Parallel()
	if c := retentionCheck(&config.Config{}, nil); c.OK || !c.Note || !strings.Contains(c.Detail, "{full: 4, days: 30}") {
		t.Errorf("got %+v", c)
	}
	if c := retentionCheck(&config.Config{Retention: api.Retention{Full: 2}}, nil); !c.OK || !strings.Contains(c.Detail, "{full: 2}") {
		t.Errorf("got %+v", c)
	}
	if c := retentionCheck(&config.Config{}, map[string]bool{"retention": true}); !c.Unknown {
		t.Errorf("got %+v", c)
	}
}

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// An archive that stands still is not in order, whatever it holds.
func TestDoctorLooksAtTheArchive(t *testing.T) {
	t.Parallel()
	const good = "+the binary log in /log is archived, in 3 segments"
	stuck := &archive.Status{State: archive.Stuck, Reason: "mysqlbinlog: it ended"}
	for name, test := range map[string]struct {
		note      string
		collector *archive.Status
		problem   string
		err       error
		want      []string
	}{
		"never begun":     {want: []string{good}},
		"well":            {collector: &archive.Status{State: archive.Following}, want: []string{good}},
		"stuck":           {collector: stuck, want: []string{"-the archive is stuck: mysqlbinlog: it ended"}},
		"a gap threatens": {collector: &archive.Status{Warning: "a gap threatens"}, want: []string{"-a gap threatens"}},
		"damaged": {collector: stuck, problem: "segment 2 is lost",
			want: []string{"-segment 2 is lost: take a full backup now", "-the archive is stuck: mysqlbinlog: it ended"}},
		"unread":      {err: errors.New("it cannot be read"), want: []string{"-it cannot be read"}},
		"short-lived": {note: "deleted after a minute", want: []string{good, "-deleted after a minute"}},
	} {
		report := archive.Report{Segments: 3, Collector: test.collector}
		if test.problem != "" {
			report.Problems = []string{test.problem}
		}
		checks := archiveVerdict("/log", test.note, report, test.err)
		for i, c := range checks {
			sign := "-"
			if c.OK {
				sign = "+"
			}
			if i >= len(test.want) || sign+c.Detail != test.want[i] {
				t.Errorf("%s: check %d is %s%s", name, i, sign, c.Detail)
			}
		}
		if len(checks) != len(test.want) {
			t.Errorf("%s: %d checks, want %d", name, len(checks), len(test.want))
		}
	}
}
