package tool

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	xtrabackuptest "dbcalm-db-cmd/steps/testkit/xtrabackup"
)

// purposeful is a command line and what it is for.
type purposeful struct {
	purpose string
	spec    job.Spec
}

// commandLines returns every command line of a tool; args are a configuration's
// backup_args.
func commandLines(tool Info, args ...string) []purposeful {
	configured := func(host string, args ...string) *Tool {
		return &Tool{
			Server:   &server.Server{CredentialsFile: "/etc/dbcalm/credentials.cnf", DataDir: "/var/lib/mysql", Host: host},
			Parallel: 4, UseMemory: 1 << 30, Args: args,
		}
	}
	const partial = "/var/backups/dbcalm/.partial"
	socket := server.Credentials{User: "backup", Password: "s3cret", Socket: "/run/mysqld/mysqld.sock"}
	plain := configured("localhost")
	remote := configured("db1.example")
	further := configured("localhost", args...)
	return []purposeful{
		{"full backup", plain.BackupCommand(tool, socket, nil, "/var/lib/mysql/", partial+"/op-1", Base{})},
		{"incremental backup", plain.BackupCommand(tool, socket, nil, "/var/lib/mysql/", partial+"/op-1",
			Base{Folder: "/var/backups/dbcalm/full 1"})},
		{"incremental backup with the rights of another",
			plain.BackupCommand(tool, socket, &job.Rights{UID: 101}, "/var/lib/mysql/", partial+"/op-1", Base{Folder: "/b/full", ToLSN: 47})},
		{"streamed full backup", plain.StreamCommand(tool, socket, nil, "/var/lib/mysql/", partial+"/op-1", Base{})},
		{"streamed incremental backup",
			plain.StreamCommand(tool, socket, nil, "/var/lib/mysql/", partial+"/op-1", Base{Folder: "/var/backups/dbcalm/full 1"})},
		{"full backup, host in the credentials file",
			plain.BackupCommand(tool, server.Credentials{User: "backup", Password: "s3cret", Host: "db1.example"}, nil,
				"/var/lib/mysql/", partial+"/op-1", Base{})},
		{"full backup, host configured", remote.BackupCommand(tool, socket, nil, "/var/lib/mysql/", partial+"/op-1", Base{})},
		{"full backup, further options", further.BackupCommand(tool, socket, nil, "/var/lib/mysql/", partial+"/op-1", Base{})},
		{"prepare a full backup alone", plain.PrepareCommand(tool, partial+"/op-stage/0", false)},
		{"prepare a full backup with incrementals", plain.PrepareCommand(tool, partial+"/op-stage/0", true)},
		{"apply an incremental with more after it", plain.ApplyCommand(tool, partial+"/op-stage/0", partial+"/op-stage/1", true)},
		{"unpack a stream", plain.UnpackCommand(tool, "/usr/bin/"+unpackerNames[tool.Name], partial+"/op-stage/0")},
		{"apply the last incremental", plain.ApplyCommand(tool, partial+"/op-stage/0", partial+"/op-stage/1", false)},
		{"prepare, further options", further.PrepareCommand(tool, partial+"/op-stage/0", false)},
	}
}

// Each version has its command lines in a file; those of XtraBackup are also
// shown to its stand-in, which knows what that version does not.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	expect := func(name string, lines []purposeful) {
		var text strings.Builder
		for _, l := range lines {
			text.WriteString("# " + l.purpose + "\n" + l.spec.Line() + "\n")
		}
		testkit.Golden(t, name+".golden", text.String())
		if strings.Contains(text.String(), "s3cret") || strings.Contains(text.String(), "--password") {
			t.Errorf("a command line of %s holds the password", name)
		}
	}
	expect("mariabackup", commandLines(mariabackup, "--throttle=40", "--plugin-dir=/usr/lib/mysql/plugin"))
	keyrings := []string{"--safe-slave-backup", "--keyring-file-data=/var/lib/mysql-keyring/keyring",
		"--component-keyring-config=/etc/mysql/keyring.cnf", "--component-keyring-config=/etc/mysql/keyring.cnf",
		"--component-keyring-config=/etc/mysql/keyring.cnf"}
	for i, v := range xtrabackuptest.Versions {
		lines := commandLines(Info{Path: "/usr/bin/xtrabackup", Name: "xtrabackup", Version: v.Tool}, "--throttle=40", keyrings[i])
		expect("xtrabackup-"+v.Tool, lines)
		standin := xtrabackuptest.Install(t, v.Tool)
		for _, l := range lines {
			if l.spec.Path != "/usr/bin/xtrabackup" {
				continue
			}
			cmd := exec.Command(standin, l.spec.Args...)
			cmd.Env = append(os.Environ(), xtrabackuptest.OnlyParse)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("XtraBackup %s, %s: %v: %s", v.Tool, l.purpose, err, out)
			}
		}
	}
}

// A version is told of its options by the names that it does not warn of, and its
// unpacker of none that it does not know.
func TestOptionsAreThoseOfTheVersion(t *testing.T) {
	t.Parallel()
	for version, test := range map[string]struct{ renamed, parallel bool }{
		"2.3.0": {false, false}, "2.3.7": {false, false}, "2.3.8": {false, true}, "2.3.10": {false, true}, "2.4.0": {false, false},
		"2.4.6": {false, false}, "2.4.7": {false, true}, "2.4.29": {false, true}, "8.0.4": {false, true}, "8.0.35-31": {false, true},
		"8.4.0-1": {false, true}, "8.4.0-7": {false, true}, "8.4.0-8": {true, true}, "8.4.0-10": {true, true}, "8.4.1-1": {true, true},
		"8.4": {false, true}, "9.1.0-1": {false, true}, "9.7.1-rc1": {false, true}, "9.7.2-2": {true, true}, "9.7.10-1": {true, true},
		"unknown": {false, false},
	} {
		lines := commandLines(Info{Path: "/usr/bin/xtrabackup", Name: "xtrabackup", Version: version})
		var all strings.Builder
		for _, l := range lines {
			all.WriteString(l.spec.Line() + "\n")
		}
		for old, now := range newNames {
			if strings.Contains(all.String(), "--"+old) == test.renamed || strings.Contains(all.String(), "--"+now) != test.renamed {
				t.Errorf("%s: %s, %s in\n%s", version, old, now, &all)
			}
		}
		xtrabackup := Info{Path: "/opt/bin/xtrabackup", Name: "xtrabackup", Version: version}
		h := &Tool{Server: &server.Server{}, Parallel: 3}
		beside := h.UnpackCommand(xtrabackup, "/opt/bin/xbstream", "/s")
		if got := slices.Contains(beside.Args, "--parallel=3"); got != test.parallel {
			t.Errorf("%s unpacks with %v", version, beside.Args)
		}
		// Another package's is of another version, perhaps.
		if other := h.UnpackCommand(xtrabackup, "/usr/bin/xbstream", "/s"); slices.Contains(other.Args, "--parallel=3") {
			t.Errorf("%s unpacks elsewhere with %v", version, other.Args)
		}
	}
	h := &Tool{Server: &server.Server{}, Parallel: 3}
	if line := h.UnpackCommand(mariabackup, "/opt/mbstream", "/s").Line(); !strings.HasSuffix(line, "-p 3") {
		t.Errorf("mbstream is run as %s", line)
	}
}

func TestSocketIsNamedWhereNobodyElseNamesIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host string
		c    server.Credentials
		want string
	}{
		{"localhost", server.Credentials{}, "--socket="},
		{"", server.Credentials{}, "--socket="},
		{"localhost", server.Credentials{Socket: "/s"}, ""},
		{"localhost", server.Credentials{Host: "localhost"}, "--socket="},
		{"localhost", server.Credentials{Host: "db1"}, ""},
		{"db1", server.Credentials{Socket: "/s"}, "--host=db1"},
		{"127.0.0.1", server.Credentials{Host: "db2", Socket: "/s"}, "--host=127.0.0.1"},
	} {
		h := &Tool{Server: &server.Server{CredentialsFile: "/c", Host: test.host}}
		options := h.Server.ConnectOptions(test.c)
		if options[0] != "--defaults-file=/c" || options[1] != "--defaults-group-suffix=-dbcalm" {
			t.Errorf("the options that must come first do not: %q", options)
		}
		got := strings.Join(options[2:], " ")
		if test.want == "--socket=" {
			_, socket := h.Server.Address(test.c)
			test.want += socket
		}
		if got != test.want {
			t.Errorf("host %q, %+v: %q, want %q", test.host, test.c, got, test.want)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host string
		c    server.Credentials
		want string
	}{
		{"localhost", server.Credentials{Socket: "/s"}, "unix /s"},
		{"localhost", server.Credentials{Host: "localhost", Socket: "/s", Port: "3307"}, "unix /s"},
		{"localhost", server.Credentials{Host: "db1", Socket: "/s"}, "tcp db1:3306"},
		{"localhost", server.Credentials{Host: "db1", Port: "3307"}, "tcp db1:3307"},
		{"db2", server.Credentials{Host: "db1", Socket: "/s"}, "tcp db2:3306"},
		{"::1", server.Credentials{}, "tcp [::1]:3306"},
	} {
		network, address := (&server.Server{Host: test.host}).Address(test.c)
		if got := network + " " + address; got != test.want {
			t.Errorf("host %q, %+v: %s, want %s", test.host, test.c, got, test.want)
		}
	}
}

func TestToolThatCanBeToldWhichPagesHaveChanged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		of   Info
		args []string
		want bool
	}{
		{xtrabackup, nil, true},
		{xtrabackup, []string{"--throttle=40", "--page_tracking"}, false},
		{Info{Name: "xtrabackup", Version: "8.0.26-18"}, nil, false},
		{Info{Name: "xtrabackup", Version: "9.7.2-2"}, nil, true},
		{mariabackup, nil, false},
	} {
		h := newTool(t)
		h.Args = test.args
		if got := h.TracksPages(test.of); got != test.want {
			t.Errorf("%s %s with %q: %v", test.of.Name, test.of.Version, test.args, got)
		}
	}
}
