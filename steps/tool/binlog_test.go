package tool

import (
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestBinlogPositionIsRead(t *testing.T) {
	t.Parallel()
	const head, tail = "uuid = x\ntool_command = --backup\n", "\ninnodb_from_lsn = 0\n"
	for _, test := range []struct {
		line string
		want server.Position
	}{
		{"binlog_pos = filename 'b.000001', position '329', GTID of the last change '0-1-2,1-1-7'",
			server.Position{File: "b.000001", Offset: 329, GTID: "0-1-2,1-1-7"}},
		{"binlog_pos = filename 'b.000001', position '329'", server.Position{File: "b.000001", Offset: 329}},
		{"binlog_pos = filename 'b.1', position '4', GTID of the last change 'a-b:1-5,\nc-d:1-7,\ne-f:1'",
			server.Position{File: "b.1", Offset: 4, GTID: "a-b:1-5,c-d:1-7,e-f:1"}},
		// Tags, of MySQL 8.3 and later.
		{"binlog_pos = filename 'b.1', position '4', GTID of the last change 'a-b:1-5:from_tag:1-3:7,\nc-d:_x:1'",
			server.Position{File: "b.1", Offset: 4, GTID: "a-b:1-5:from_tag:1-3:7,c-d:_x:1"}},
		{"binlog_pos = ", server.Position{}}, {"", server.Position{}},
	} {
		for _, name := range InfoNames {
			dir := t.TempDir()
			testkit.Write(t, dir, map[string]string{name: head + test.line + tail})
			p, err := ReadBinlog(dir)
			if p == nil {
				p = new(server.Position)
			}
			if err != nil || *p != test.want {
				t.Errorf("%s, %q: %+v, %v", name, test.line, p, err)
			}
		}
	}
	for line, want := range map[string]string{
		"binlog_pos = somewhere": "its binlog_pos is not to be understood",
		"binlog_pos = filename 'b.1', position '18446744073709551616'": "value out of range",
		"binlog_pos = filename '../b.1', position '4'":                 "is no name of one",
	} {
		dir := t.TempDir()
		testkit.Write(t, dir, map[string]string{"xtrabackup_info": head + line + tail})
		_, err := ReadBinlog(dir)
		testkit.Says(t, err, "read metadata xtrabackup_info", want)
	}
	_, err := ReadBinlog(t.TempDir())
	testkit.Says(t, err, "xtrabackup_info is missing")
}
