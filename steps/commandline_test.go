package steps

import (
	"strings"
	"testing"
)

// The two tools, as they are found on a host of theirs.
var (
	mariabackup = ToolInfo{Path: "/usr/bin/mariadb-backup", Name: "mariabackup", Version: "10.11.19-MariaDB"}
	xtrabackup  = ToolInfo{Path: "/usr/bin/xtrabackup", Name: "xtrabackup", Version: "8.0.35-31"}
)

// commandLines writes every command line of a tool, one a line, each after
// what it is for.
func commandLines(tool ToolInfo) string {
	host := func(change func(*Settings)) *Host {
		s := Settings{CredentialsFile: "/etc/dbcalm/credentials.cnf", DataDir: "/var/lib/mysql", Host: "localhost", Parallel: 4, UseMemory: 1 << 30}
		if change != nil {
			change(&s)
		}
		return NewHost(s, nil)
	}
	const partial = "/var/backups/dbcalm/.partial"
	socket := Credentials{User: "backup", Password: "s3cret", Socket: "/run/mysqld/mysqld.sock"}
	plain := host(nil)
	remote := host(func(s *Settings) { s.Host = "db1.example" })
	lines := []struct {
		purpose string
		spec    JobSpec
	}{
		{"full backup", plain.backupCommand(tool, socket, "/var/lib/mysql/", partial+"/op-1", "")},
		{"incremental backup", plain.backupCommand(tool, socket, "/var/lib/mysql/", partial+"/op-1", "/var/backups/dbcalm/full 1")},
		{"full backup, host in the credentials file", plain.backupCommand(tool, Credentials{User: "backup", Password: "s3cret", Host: "db1.example"}, "/var/lib/mysql/", partial+"/op-1", "")},
		{"full backup, host configured", remote.backupCommand(tool, socket, "/var/lib/mysql/", partial+"/op-1", "")},
		{"prepare a full backup alone", plain.prepareCommand(tool, partial+"/op-stage/0", false)},
		{"prepare a full backup with incrementals", plain.prepareCommand(tool, partial+"/op-stage/0", true)},
		{"apply an incremental with more after it", plain.applyCommand(tool, partial+"/op-stage/0", partial+"/op-stage/1", true)},
		{"unpack a stream", plain.unpackCommand(tool, "/usr/bin/"+unpackerNames[tool.Name], partial+"/op-stage/0")},
		{"apply the last incremental", plain.applyCommand(tool, partial+"/op-stage/0", partial+"/op-stage/1", false)},
	}
	var text strings.Builder
	for _, l := range lines {
		text.WriteString("# " + l.purpose + "\n" + l.spec.Line() + "\n")
	}
	return text.String()
}

func TestCommandLines(t *testing.T) {
	t.Parallel()
	for _, tool := range []ToolInfo{mariabackup, xtrabackup} {
		lines := commandLines(tool)
		golden(t, tool.Name+".golden", lines)
		if strings.Contains(lines, "s3cret") || strings.Contains(lines, "--password") {
			t.Errorf("a command line of %s holds the password", tool.Name)
		}
	}
}

func TestSocketIsNamedWhereNobodyElseNamesIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host string
		c    Credentials
		want string
	}{
		{"localhost", Credentials{}, "--socket="},
		{"", Credentials{}, "--socket="},
		{"localhost", Credentials{Socket: "/s"}, ""},
		{"localhost", Credentials{Host: "localhost"}, "--socket="},
		{"localhost", Credentials{Host: "db1"}, ""},
		{"db1", Credentials{Socket: "/s"}, "--host=db1"},
		{"127.0.0.1", Credentials{Host: "db2", Socket: "/s"}, "--host=127.0.0.1"},
	} {
		h := NewHost(Settings{CredentialsFile: "/c", Host: test.host}, nil)
		options := h.connectOptions(test.c)
		if options[0] != "--defaults-file=/c" || options[1] != "--defaults-group-suffix=-dbcalm" {
			t.Errorf("the options that must come first do not: %q", options)
		}
		got := strings.Join(options[2:], " ")
		if test.want == "--socket=" {
			_, socket := h.address(test.c)
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
		c    Credentials
		want string
	}{
		{"localhost", Credentials{Socket: "/s"}, "unix /s"},
		{"localhost", Credentials{Host: "localhost", Socket: "/s", Port: "3307"}, "unix /s"},
		{"localhost", Credentials{Host: "db1", Socket: "/s"}, "tcp db1:3306"},
		{"localhost", Credentials{Host: "db1", Port: "3307"}, "tcp db1:3307"},
		{"db2", Credentials{Host: "db1", Socket: "/s"}, "tcp db2:3306"},
		{"::1", Credentials{}, "tcp [::1]:3306"},
	} {
		network, address := NewHost(Settings{Host: test.host}, nil).address(test.c)
		if got := network + " " + address; got != test.want {
			t.Errorf("host %q, %+v: %s, want %s", test.host, test.c, got, test.want)
		}
	}
}
