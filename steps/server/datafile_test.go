package server

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

func TestDataFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir, outside := filepath.Join(root, "data"), filepath.Join(root, "outside")
	testkit.Write(t, dir, map[string]string{
		"ibdata1": "", "undo001": "", "undo_002": "", "mysql.ibd": "", "ib_logfile0": "", "ibtmp1": "",
		"aria_log_control": "", "multi-master.info": "", "shop/orders.ibd": "", "shop/orders.frm": "",
		"shop/notes.MYD": "", "shop/part#P#p0.ibd": "", "shop/part.par": "", "shop/#sql-1-2.ibd": "",
		"shop/db.opt": "", "shop/tr.TRN": "", "shop/orders.cfg": "", "shop/notes.MYD-old": "", "shop/deeper/x.ibd": "",
		"shop/far.isl": filepath.Join(outside, "shop/far.ibd") + "\n", "shop/gone.isl": "/nowhere/gone.ibd",
		"shop/both.isl": filepath.Join(outside, "shop/far.ibd"), "shop/both.ibd": "",
		"performance_schema/x.sdi": "", ".hidden/x.ibd": "", "#innodb_temp/temp_1.ibd": "",
	})
	testkit.Write(t, outside, map[string]string{"shop/far.ibd": "", "linked/one.MYI": ""})
	err := errors.Join(os.Symlink(filepath.Join(outside, "linked"), filepath.Join(dir, "linked")),
		os.Symlink("/nowhere", filepath.Join(dir, "dangling")))
	if err != nil {
		t.Fatal(err)
	}
	files, err := DataFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Path)
		if f.Inode == 0 || (f.At != "") != (f.Path == "shop/far.ibd") || f.IsTablespace() != (filepath.Ext(f.Path) == ".ibd") {
			t.Errorf("%+v", f)
		}
	}
	want := []string{"ibdata1", "linked/one.MYI", "mysql.ibd", "shop/both.ibd", "shop/db.opt", "shop/far.ibd", "shop/notes.MYD",
		"shop/orders.frm", "shop/orders.ibd", "shop/part#P#p0.ibd", "shop/part.par", "shop/tr.TRN"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	// A file that takes another's name is another one.
	was := files[slices.IndexFunc(files, func(f DataFile) bool { return f.Path == "shop/orders.ibd" })]
	testkit.Write(t, dir, map[string]string{"shop/new": ""})
	if err := os.Rename(filepath.Join(dir, "shop/new"), was.In(dir)); err != nil {
		t.Fatal(err)
	}
	is := DataFile{Path: was.Path}
	if err := is.Identify(dir); err != nil || is.Same(was) || !was.Same(was) {
		t.Errorf("%+v was %+v, %v", is, was, err)
	}
	_, err = DataFiles(filepath.Join(dir, "nowhere"))
	testkit.Says(t, err, "list the data directory: ", "run the daemon as root or as the server's user")
}

// TestTablesAreNotOpened: the server reads its dictionary alone.
func TestTablesAreNotOpened(t *testing.T) {
	t.Parallel()
	running := mariadbtest.Start(t)
	outside := filepath.Join(running.Dir, "outside")
	running.Exec("CREATE DATABASE shop", "CREATE TABLE shop.`a b` (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE shop.parts (id INT) ENGINE=InnoDB PARTITION BY HASH(id) PARTITIONS 2",
		"CREATE TABLE shop.far (id INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='"+outside+"'", "SET GLOBAL innodb_file_per_table=OFF",
		"CREATE TABLE shop.inside (id INT PRIMARY KEY) ENGINE=InnoDB")
	running.Stop()
	running.Start()
	srv := serverOf(t, running)
	opened := func() (n int) {
		var name string
		if err := running.DB().QueryRow("SHOW GLOBAL STATUS LIKE 'Opened_tables'").Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := opened()
	tables, err := srv.Tables(t.Context())
	srv.Must(err)
	if after := opened(); after != before {
		t.Errorf("%d tables were opened", after-before)
	}
	for _, name := range []string{"shop/a@0020b", "shop/parts#P#p1", "shop/far"} {
		if tables.Spaces[name] == 0 {
			t.Errorf("no id of %s: %v", name, tables.Spaces)
		}
	}
	if id, there := tables.Spaces["shop/inside"]; !there || id != 0 {
		t.Errorf("the table in the system tablespace: %d, %t", id, there)
	}
	files, err := DataFiles(running.DataDir)
	srv.Must(err)
	i := slices.IndexFunc(files, func(f DataFile) bool { return f.Path == "shop/far.ibd" })
	if i < 0 || files[i].At != filepath.Join(outside, "shop/far.ibd") {
		t.Errorf("the table outside: %d, %+v", i, files)
	}
	running.Kill()
	_, err = srv.Tables(t.Context())
	if !errors.Is(err, ErrServerDown) {
		t.Errorf("of a server that is gone: %v", err)
	}
}

// page is one of InnoDB's.
func page(size int, number uint32, lsn uint64, flags uint32) []byte {
	p := make([]byte, size)
	binary.BigEndian.PutUint32(p[4:], number)
	binary.BigEndian.PutUint64(p[pageLSN:], lsn)
	binary.BigEndian.PutUint32(p[spaceFlags:], flags)
	p[size-1] = 1
	return p
}

func TestHasPageUpTo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, test := range map[string]struct {
		size  int
		flags uint32
		lsns  []uint64
		want  bool
	}{
		"new":                             {16 << 10, 0x15, []uint64{0, 101, 200}, false},
		"old":                             {16 << 10, 0x15, []uint64{300, 101, 100}, true},
		"imported":                        {16 << 10, 0x15, []uint64{300, 300, 0}, true},
		"small pages":                     {4 << 10, 0x13, []uint64{0, 200, 200, 99}, true},
		"older form":                      {16 << 10, 0x21, []uint64{200, 200, 50}, true},
		"older form, small pages":         {4 << 10, 3 << 6, []uint64{200, 200, 50, 200}, true},
		"older form, compressed":          {8 << 10, 4<<1 | 1, []uint64{200, 200, 50, 200}, true},
		"older form, compressed, new":     {1 << 10, 1<<1 | 1, []uint64{200, 200, 150, 200}, false},
		"more than is read at a time":     {64 << 10, 0x17, append(slices.Repeat([]uint64{200}, 100), 1), true},
		"more than is read, and all new":  {64 << 10, 0x17, slices.Repeat([]uint64{200}, 100), false},
		"nothing but what was never used": {16 << 10, 0x15, nil, false},
	} {
		var content []byte
		for i, lsn := range test.lsns {
			content = append(content, page(test.size, uint32(i), lsn, test.flags)...)
		}
		content = append(content, make([]byte, 3*test.size)...)
		path := filepath.Join(dir, "t.ibd")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := HasPageUpTo(t.Context(), path, 100); err != nil || got != test.want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
	path := filepath.Join(dir, "t.ibd")
	testkit.Write(t, dir, map[string]string{"t.ibd": string(page(16<<10, 0, 0, 0x1f)), "short": "x"})
	if _, err := HasPageUpTo(t.Context(), path, 100); err == nil {
		t.Error("pages of an impossible size are read")
	}
	if old, err := HasPageUpTo(t.Context(), filepath.Join(dir, "short"), 100); old || err != nil {
		t.Errorf("a file without a page: %t, %v", old, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := HasPageUpTo(ctx, path, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := HasPageUpTo(t.Context(), filepath.Join(dir, "gone"), 100); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}
