package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// Every way out of the data directory is known.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, link := filepath.Join(dir, "data"), filepath.Join(dir, "link")
	testkit.Write(t, dir, map[string]string{"data/#rocksdb/x": "", "data/sub/x": ""})
	if err := os.Symlink(data, link); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		option, value string
		out           bool
	}{
		{"innodb-log-group-home-dir", "./", false}, {"innodb-log-group-home-dir", data + "/", false}, {"innodb-log-group-home-dir", link, false},
		{"innodb-log-group-home-dir", "/redo", true}, {"innodb-log-group-home-dir", "../redo", true}, {"innodb-log-group-home-dir", "sub", true},
		{"innodb-undo-directory", "/undo", true}, {"innodb-data-home-dir", "/sys", true}, {"aria-log-dir-path", "/aria", true},
		{"innodb-doublewrite-dir", "/dbl", true}, {"innodb-doublewrite-dir", "", false},
		{"rocksdb-datadir", "./#rocksdb", false}, {"rocksdb-datadir", "/rocks", true}, {"rocksdb-datadir", ".", true},
		{"binlog-directory", "", false}, {"binlog-directory", "/binlogs", true},
		{"rocksdb-wal-dir", "", false}, {"rocksdb-wal-dir", "#rocksdb", false}, {"rocksdb-wal-dir", "/wal", true},
		{"innodb-data-file-path", "ibdata1:12M:autoextend", false}, {"innodb-data-file-path", data + "/ibdata1:12M;ibdata2:1G", false},
		{"innodb-data-file-path", "ibdata1:12M; /big/ibdata2:1G:autoextend", true}, {"innodb-data-file-path", "sub/ibdata1:12M", true},
		{"innodb-data-file-path", "/dev/sda1:3Graw", true},
		{"innodb-directories", "", false}, {"innodb-directories", data + ";" + data + "/sub", false},
		{"innodb-directories", `"/tables";` + data, true}, {"innodb-directories", "../tables", true},
		// A server makes these anew when it starts.
		{"innodb-temp-data-file-path", "/tmp/ibtmp1:12M:autoextend", false}, {"innodb-temp-tablespaces-dir", "/tmp", false},
	} {
		got := elsewhere(data, map[string]string{test.option: test.value})
		var want []string
		if test.out {
			want = []string{test.option + "=" + test.value}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s=%s: got %q", test.option, test.value, got)
		}
	}
}

// What a live server says of itself is looked at as its option file is.
func TestServerTellsThatItsFilesAreElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"undo", "redo"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	server := mariadbtest.Start(t)
	server.Exec("CREATE DATABASE shop", "CREATE TABLE shop.far (id INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='"+dir+"'")
	h := serverOf(t, server)
	conn, err := h.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	info, err := conn.Info(t.Context())
	if err != nil || len(info.Elsewhere) > 0 {
		t.Fatalf("got %q, %v", info.Elsewhere, err)
	}
	if info.Outside, err = conn.Outside(t.Context(), info); err != nil || len(info.Outside) != 1 ||
		info.Outside[0] != (OutsideTable{"shop/far", filepath.Join(dir, "shop/far.ibd")}) {
		t.Fatalf("got %+v, %v", info.Outside, err)
	}
	if why := info.ToFolderOnly(); why != "" {
		t.Errorf("MariaDB finds them inside, and yet: %s", why)
	}
	testkit.Says(t, errText(info.ComeInside()), "shop/far at "+dir)
	// The dictionary of a MySQL holds the place.
	info.Flavour = MySQL
	testkit.Says(t, errText(info.ToFolderOnly()), "keeps tables outside its data directory (", "shop/far at "+dir)
	info.Outside = slices.Repeat([]OutsideTable{{"a/b", "/c"}}, 12)
	testkit.Says(t, errText(info.ToFolderOnly()), "a/b at /c, and 2 more)")
	if again, err := conn.Outside(t.Context(), info); err != nil || len(again) != 1 {
		t.Errorf("asked as a MySQL: %v, %v", again, err)
	}

	moved := mariadbtest.Start(t, mariadbtest.WithArgs("--innodb-temp-data-file-path="+dir+"/ibtmp1:12M:autoextend", "--innodb-data-home-dir=",
		"--innodb-data-file-path=ibdata1:12M;"+dir+"/ibdata2:12M:autoextend"))
	other, err := serverOf(t, moved).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	info, err = other.Info(t.Context())
	if err != nil || len(info.Elsewhere) != 1 || !strings.HasPrefix(info.Elsewhere[0], "innodb-data-file-path=ibdata1:12M;"+dir) {
		t.Errorf("got %q, %v", info.Elsewhere, err)
	}
	testkit.Says(t, errText(info.ToFolderOnly()), "keeps files outside its data directory (innodb-data-file-path=")
}

type errText string

func (e errText) Error() string { return string(e) }
