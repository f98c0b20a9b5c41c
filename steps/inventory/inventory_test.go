package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }

// of is an inventory of files by their paths; each number is another file.
func of(files map[string]uint64) (inv Inventory) {
	for path, number := range files {
		inv.Files = append(inv.Files, server.DataFile{Path: path, Inode: number, Born: int64(number)})
	}
	inv.Files = server.OrderFiles(inv.Files)
	return inv
}

func TestCompare(t *testing.T) {
	t.Parallel()
	before := of(map[string]uint64{"a/stays.ibd": 1, "a/stays.frm": 2, "a/left_out.ibd": 3, "a/left_out.MYD": 4, "a/dropped.ibd": 5,
		"a/renamed.ibd": 6, "a/rebuilt.ibd": 7})
	after := of(map[string]uint64{"a/stays.ibd": 1, "a/stays.frm": 2, "a/left_out.ibd": 3, "a/left_out.MYD": 4, "a/other.ibd": 6,
		"a/rebuilt.ibd": 8, "a/created.ibd": 9, "a/imported.ibd": 10, "a/later.ibd": 30})
	held := map[string]bool{"a/stays.ibd": true, "a/stays.frm": true, "a/dropped.ibd": true}
	// What it says it leaves out counts if it is there: of files that came while
	// it worked, too, but not of those that came when it had ended, at 20.
	said := []string{"a/left_out.ibd", "a/imported.ibd", "a/dropped.ibd", "a/later.ibd", "a/stays.ibd"}
	c := before.Compare(after, held, said, 20)
	if want := []string{"a/left_out.MYD", "a/left_out.ibd", "a/imported.ibd"}; !slices.Equal(c.Missing, want) || c.Held != 2 || c.Moved != 7 {
		t.Errorf("got %+v, want missing %q", c, want)
	}
}

func TestStillThere(t *testing.T) {
	t.Parallel()
	running := mariadbtest.Start(t)
	running.Exec("CREATE DATABASE shop", "CREATE TABLE shop.stays (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE shop.anew (id INT PRIMARY KEY) ENGINE=InnoDB", "CREATE TABLE shop.gone (id INT PRIMARY KEY) ENGINE=InnoDB")
	srv := &server.Server{DBType: server.MariaDB, DataDir: running.DataDir, CredentialsFile: running.CredentialsFile}
	inv, err := Take(t.Context(), srv, running.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	running.Exec("DROP TABLE shop.gone", "DROP TABLE shop.anew", "CREATE TABLE shop.anew (id INT PRIMARY KEY) ENGINE=InnoDB")
	left, err := inv.StillThere(t.Context(), srv,
		[]string{"shop/stays.ibd", "shop/anew.ibd", "shop/gone.ibd", "shop/notes.MYD", "shop/unknown.ibd"})
	if want := []string{"shop/stays.ibd", "shop/notes.MYD"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("got %q, %v", left, err)
	}
	// MySQL keeps tables in files of other names.
	inv.OwnFiles = false
	if left, err = inv.StillThere(t.Context(), srv, []string{"shop/unknown.ibd"}); err != nil || len(left) != 1 {
		t.Errorf("on MySQL %q, %v", left, err)
	}
	running.Kill()
	if _, err := inv.StillThere(t.Context(), srv, nil); !errors.Is(err, server.ErrServerDown) {
		t.Errorf("of a server that is gone: %v", err)
	}
	if _, err := Take(t.Context(), srv, running.DataDir); !errors.Is(err, server.ErrServerDown) {
		t.Errorf("of a server that is gone: %v", err)
	}
	// What can be seen without it is seen.
	if after, err := inv.Again(); err != nil || len(after.Files) == 0 {
		t.Errorf("%d files, %v", len(after.Files), err)
	}
}

func TestKeptInventory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "kept.json")
	inv := of(map[string]uint64{"a/b.ibd": 1})
	inv.DataDir, inv.Spaces = dir, map[string]uint32{"a/b": 7}
	if err := inv.Keep(path); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil || !slices.Equal(got.Files, inv.Files) || got.Spaces["a/b"] != 7 || got.DataDir != dir {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = Read(filepath.Join(dir, "none"))
	if testkit.Says(t, err, "read what the server had: "); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	testkit.Says(t, inv.Keep(filepath.Join(dir, "nowhere", "kept.json")), "keep what the server has: ")
}

// TestTablesOutside: one that lies elsewhere is looked for there.
func TestTablesOutside(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	far := filepath.Join(outside, "shop/far.ibd")
	testkit.Write(t, outside, map[string]string{"shop/far.ibd": ""})
	testkit.Write(t, dir, map[string]string{"shop/near.ibd": ""})
	files, err := look(dir, []server.DataFile{{Path: "shop/far.ibd", At: far}, {Path: "shop/none.ibd", At: "/nowhere/none.ibd"}})
	if err != nil || len(files) != 2 || files[0].Path != "shop/far.ibd" {
		t.Fatalf("%+v, %v", files, err)
	}
	inv := Inventory{DataDir: dir, Files: files}
	again, err := inv.Again()
	if err != nil || !slices.Equal(again.Files, files) {
		t.Errorf("%+v, %v", again, err)
	}
	if err := os.Remove(far); err != nil {
		t.Fatal(err)
	}
	if again, err = inv.Again(); err != nil || len(again.Files) != 1 {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"shop/orders.ibd": "shop.orders", "a@002db/c@0020d.frm": "a-b.c d", "shop/parts#P#p0.ibd": "shop.parts#P#p0", "undo001": "undo001",
		"shop/db.opt": "the settings of database shop", "shop/db.ibd": "shop.db", "mysql.ibd": "mysql.ibd",
	} {
		if got := TableName(file); got != want {
			t.Errorf("%s is %q, want %q", file, got, want)
		}
	}
	if got := NameTables(strings.Fields("a/b.frm a/b.ibd a/c.ibd a/d.ibd"), 2); got != "a.b, a.c, and 1 more" {
		t.Errorf("got %q", got)
	}
}

// TestCame: a table that is renamed while it is copied has not come then.
func TestCame(t *testing.T) {
	t.Parallel()
	before := of(map[string]uint64{"a/stays.ibd": 1, "a/renamed.ibd": 2, "a/rebuilt.ibd": 3, "a/notes.MYD": 4})
	after := of(map[string]uint64{"a/stays.ibd": 1, "a/other.ibd": 2, "a/rebuilt.ibd": 5, "a/new.ibd": 6, "a/notes.MYD": 4})
	came := map[uint64]bool{}
	for _, s := range before.Came(after) {
		came[s.Inode] = s.Came
	}
	if want := map[uint64]bool{1: false, 2: false, 5: true, 6: true}; !maps.Equal(came, want) {
		t.Errorf("got %v, want %v", came, want)
	}
}

// brokenFiles are what a server cannot use, and some of what it can.
var brokenFiles = map[string]string{
	"a/sound.frm": frm(12, 100, 100), "a/sound.ibd": "", "a/inside.frm": frm(12, 100, 100),
	"a/parts.frm": frm(12, 100, 100), "a/parts#P#p0.ibd": "", "a/memory.frm": frm(6, 100, 100),
	"a/my.frm": frm(9, 100, 100), "a/my.MYD": "", "a/my.MYI": "",
	"a/aria.frm": frm(42, 100, 100), "a/aria.MAI": "", "a/aria.MAD": "",
	"a/view.frm": "TYPE=VIEW\nquery=x\nview_body_utf8=x\nmariadb-version=1\n", "a/sound.TRG": "TYPE=TRIGGERS\ntriggers='x'\n",

	"b/orphan.frm": frm(12, 100, 100), "b/discarded.frm": frm(12, 100, 100), "b/part.frm": frm(12, 100, 100),
	"b/my.frm": frm(9, 100, 100), "b/my.MYI": "",
	"b/cut.frm": frm(12, 100, 50), "b/cut.ibd": "", "b/empty.frm": "", "b/view.frm": "TYPE=VIEW\nquery=x\nview_bo",
	"b/trig.frm": frm(12, 100, 100), "b/trig.ibd": "", "b/trig.TRG": "TYPE=TRIG",
	"b/other.frm": "garbage of some length",
}

// frm is the definition of a table of an engine, which says how long it is.
func frm(engine byte, says, is int) string {
	head := []byte{0xfe, 1, 10, engine, 0, 0, 0, 0, 0, 0, byte(says)}
	return string(append(head, make([]byte, is-len(head))...))
}

func TestBroken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, brokenFiles)
	see := func() Inventory {
		files, err := server.DataFiles(dir)
		if err != nil {
			t.Fatal(err)
		}
		return Inventory{DataDir: dir, Files: files, OwnFiles: true,
			Spaces: map[string]uint32{"SYS_FOREIGN": 0, "a/sound": 1, "a/inside": 0, "a/parts#P#p0": 2,
				"b/discarded": 3, "b/part#P#p0": 4, "b/part#P#p1": 5, "b/#sql-ib1": 6, "b/cut": 7, "b/trig": 8}}
	}
	inv := see()
	inv.Broken = inv.findBroken(true)
	want := []Broken{
		{"b/cut", "its definition cannot be read"}, {"b/discarded", "its tablespace is discarded, or its file is missing"},
		{"b/empty", "its definition cannot be read"}, {"b/my", "its file my.MYD is missing"},
		{"b/orphan", "there is a definition of it, and its storage engine does not know it"},
		{"b/other", "its definition cannot be read"}, {"b/part", "its tablespace is discarded, or its file is missing"},
		{"b/trig", "the file of its triggers cannot be read"}, {"b/view", "its definition cannot be read"},
	}
	if !slices.Equal(inv.Broken, want) {
		t.Errorf("got  %q\nwant %q", inv.Broken, want)
	}
	if got := inv.StillBroken(see()); !slices.Equal(got, want) {
		t.Errorf("still %q", got)
	}
	// What was mended meanwhile, or broke then, is not told.
	testkit.Write(t, dir, map[string]string{"b/my.MYD": "", "b/trig.TRG": brokenFiles["a/sound.TRG"], "a/sound.TRG": "cut"})
	want = slices.DeleteFunc(want, func(b Broken) bool { return b.File == "b/my" || b.File == "b/trig" })
	if got := inv.StillBroken(see()); !slices.Equal(got, want) {
		t.Errorf("still %q, want %q", got, want)
	}
	// A MySQL server keeps several tables in one tablespace.
	if got := see().findBroken(false); slices.ContainsFunc(got, func(b Broken) bool { return b.File == "b/discarded" }) {
		t.Errorf("on MySQL %q", got)
	}
	if got := NameBroken(want[:3], 1); got != "b.cut (its definition cannot be read), and 2 more" {
		t.Errorf("got %q", got)
	}
}

// TestManyTables: what is done for 5,000 tables, without the server, takes a tenth
// of the five seconds that 50,000 may take. The server's own part was one second,
// measured by hand on as many real tables. It measures, so it
// does not run beside others.
func TestManyTables(t *testing.T) {
	testkit.Slow(t)
	dir := t.TempDir()
	const databases, each = 5, 1000
	spaces := map[string]uint32{}
	for d := range databases {
		folder := filepath.Join(dir, fmt.Sprint("db", d))
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range each {
			name := fmt.Sprint("t", i)
			spaces[filepath.Base(folder)+"/"+name] = uint32(d*each + i + 1)
			err := errors.Join(os.WriteFile(filepath.Join(folder, name+".frm"), []byte(frm(12, 100, 100)), 0o600),
				os.WriteFile(filepath.Join(folder, name+".ibd"), nil, 0o600))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	began := processorTime(t)
	inv := Inventory{DataDir: dir, Spaces: spaces, OwnFiles: true}
	var err error
	if inv.Files, err = look(dir, nil); err != nil {
		t.Fatal(err)
	}
	inv.Broken = inv.findBroken(true)
	kept := filepath.Join(dir, "kept.json")
	if err := inv.Keep(kept); err != nil {
		t.Fatal(err)
	}
	if inv, err = Read(kept); err != nil {
		t.Fatal(err)
	}
	after, err := inv.Again()
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	for _, f := range after.Files {
		held[f.Path] = true
	}
	c := inv.Compare(after, held, nil, 0)
	came := inv.Came(after)
	took := processorTime(t) - began
	limit := 500 * time.Millisecond
	if testkit.RaceDetector {
		limit *= 5
	}
	if c.Held != 2*databases*each || len(c.Missing) > 0 || len(came) != databases*each || len(inv.Broken) > 0 || took > limit {
		t.Errorf("%d held, %d missing, %d tablespaces, broken %q, in %s", c.Held, len(c.Missing), len(came), inv.Broken, took)
	}
	t.Logf("%d tables in %s", databases*each, took)
}

// processorTime is what this process has taken of the processors, which others
// that run beside it do not change.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
