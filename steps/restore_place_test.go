package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	"dbcalm-db-cmd/steps/tool"
)

// TestPlaceIsContentWithAStartedServer runs the step again after a power cut
// that came between its last rename and its record: the machine has started
// its server, as it does, on data that is all there.
func TestPlaceIsContentWithAStartedServer(t *testing.T) {
	t.Parallel()
	mariadb := mariadbtest.Start(t)
	h := newHost(t)
	h.Server.DataDir, h.Server.CredentialsFile = mariadb.DataDir, mariadb.CredentialsFile
	p := &place.Placement{Mode: place.Entries, Target: mariadb.DataDir, Stage: filepath.Join(mariadb.DataDir, ".dbcalm-o")}
	for _, name := range []string{"ib_logfile0", server.LastEntry} {
		id, err := disk.IDOf(filepath.Join(mariadb.DataDir, name))
		if err != nil {
			t.Fatal(err)
		}
		p.Entries = append(p.Entries, place.Entry{Name: name, FileID: id})
	}
	// Servers give their redo log another size, which makes it another file.
	p.Entries[0].Inode = 0
	testkit.Write(t, p.Stage, map[string]string{"0/left": ""})
	if _, err := h.restores().place(context.Background(), Task{Operation: "o", Data: Data{Placement: p}}); err != nil {
		t.Errorf("place: %v", err)
	}
	if there, err := disk.Exists(p.Stage); err != nil || there {
		t.Errorf("the stage is left: %v", err)
	}
	if _, err := os.Stat(filepath.Join(mariadb.DataDir, server.LastEntry)); err != nil || !mariadb.Running() {
		t.Errorf("the server lost its data: %v", err)
	}
}

// placement is a restore that has been arranged and may go into place.
type placement struct {
	*testHost
	task Task
	p    *place.Placement
}

func newPlacement(t *testing.T, mode string) *placement {
	t.Helper()
	h := newStore(t)
	target := "database"
	if mode == place.Folder {
		target = "folder"
	}
	task := h.arrangeTask(target, mode)
	out, err := h.restores().arrange(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	task.Data = out.Data
	return &placement{testHost: h, task: task, p: out.Data.Placement}
}

// placed demands that all is in place and nothing is left of the way there.
func (r *placement) placed() {
	r.T.Helper()
	want := maps.Clone(preparedFiles)
	want["mysql/"], want["shop/"] = "", ""
	if r.p.Mode == place.Folder {
		maps.Copy(want, testkit.Metadata("log-applied", "0", "100"))
	}
	if got := testkit.Tree(r.T, r.p.Target); !maps.Equal(got, want) {
		r.T.Errorf("in place are %v, want %v", got, want)
	}
	r.nothingLeft()
}

// nothingLeft demands that there is nothing beside what was there before.
func (r *placement) nothingLeft() {
	r.T.Helper()
	for _, folder := range []string{r.Dir, r.Store.BackupDir} {
		for _, e := range readDir(r.T, folder) {
			if strings.HasPrefix(e, ".") {
				r.T.Errorf("%s is left in %s", e, folder)
			}
		}
	}
	if there, err := disk.Exists(r.p.Stage); err != nil || there {
		r.T.Errorf("the stage is left: %v", err)
	}
}

func readDir(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// interruptions are the points at which putting into place can break off, each
// as what has been done by then.
func interruptions(mode string) map[string]func(r *placement) {
	points := map[string]func(r *placement){"before the first rename": func(*placement) {}}
	switch mode {
	case place.Swap:
		exchanged := func(r *placement) { r.Must(disk.Exchange(r.p.Prepared(), r.p.Target)) }
		points["after the exchange"] = exchanged
		points["after the old folder's removal"] = func(r *placement) { exchanged(r); r.Must(os.Remove(r.p.Prepared())) }
		points["after the stage's removal"] = func(r *placement) { exchanged(r); r.Must(os.RemoveAll(r.p.Stage)) }
	case place.Entries:
		for k := 1; k <= 5; k++ {
			points[fmt.Sprintf("after %d entries", k)] = func(r *placement) { r.rename(k) }
		}
		points["after the stage's removal"] = func(r *placement) { r.rename(5); r.Must(os.RemoveAll(r.p.Stage)) }
	case place.Folder:
		renamed := func(r *placement) {
			r.Must(os.MkdirAll(filepath.Dir(r.p.Target), 0o750))
			r.Must(os.Rename(r.p.Prepared(), r.p.Target))
		}
		points["after the dated folder"] = func(r *placement) { r.Must(os.MkdirAll(filepath.Dir(r.p.Target), 0o750)) }
		points["after the rename"] = renamed
		points["after the stage's removal"] = func(r *placement) { renamed(r); r.Must(os.RemoveAll(r.p.Stage)) }
	}
	return points
}

// rename puts the first entries into place.
func (r *placement) rename(n int) {
	r.T.Helper()
	for _, e := range r.p.Entries[:n] {
		r.Must(os.Rename(filepath.Join(r.p.Prepared(), e.Name), filepath.Join(r.p.Target, e.Name)))
	}
}

var modes = []string{place.Swap, place.Entries, place.Folder}

func TestPlaceGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		for point, interrupt := range interruptions(mode) {
			t.Run(mode+" "+point, func(t *testing.T) {
				t.Parallel()
				r := newPlacement(t, mode)
				interrupt(r)
				for range 2 {
					if _, err := r.restores().place(t.Context(), r.task); err != nil {
						t.Fatal(err)
					}
					r.placed()
				}
			})
		}
	}
}

func TestPlaceReplacesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode  string
		spoil func(r *placement)
		kind  error
		want  string
	}{
		"a file in the data directory": {place.Swap, func(r *placement) { testkit.Write(r.T, r.p.Target, map[string]string{"notes": "x"}) },
			server.ErrDataDirNotEmpty, "holds notes"},
		"another data directory": {place.Swap, func(r *placement) {
			r.Must(os.Remove(r.p.Target))
			r.Must(os.Mkdir(r.p.Target, 0o700))
		}, server.ErrDataDir, "was replaced by another folder while the restore was under way"},
		"a file at the last moment": {place.Swap, func(r *placement) {
			r.Must(disk.Exchange(r.p.Prepared(), r.p.Target))
			testkit.Write(r.T, r.p.Prepared(), map[string]string{"notes": "x"})
		}, server.ErrDataDirNotEmpty, "something was written into the data directory while the restore was put into place"},
		"no data directory": {place.Swap, func(r *placement) { r.Must(os.Remove(r.p.Target)) }, server.ErrDataDir,
			"no such file or directory"},
		"a file among the entries": {place.Entries, func(r *placement) {
			r.rename(2)
			testkit.Write(r.T, r.p.Target, map[string]string{"notes": "x"})
		}, server.ErrDataDirNotEmpty, "notes appeared while the restore was under way"},
		"a file of an entry's name": {place.Entries, func(r *placement) {
			r.rename(2)
			testkit.Write(r.T, r.p.Target, map[string]string{"ibdata1": "x"})
		}, server.ErrDataDirNotEmpty, "ibdata1 appeared while the restore was under way"},
		"a folder in the folder's way": {place.Folder, func(r *placement) { testkit.Write(r.T, r.p.Target, map[string]string{"notes": "x"}) },
			fs.ErrExist, "restore to folder"},
		"a prepared folder that is gone": {place.Folder, func(r *placement) { r.Must(os.RemoveAll(r.p.Prepared())) }, nil, "is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newPlacement(t, test.mode)
			test.spoil(r)
			_, err := r.restores().place(t.Context(), r.task)
			if test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			testkit.Says(t, err, test.want)
			// What the failure leads to must keep what is not ours.
			if _, err := r.restores().discardRestore(t.Context(), r.task); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			switch name {
			case "a file of an entry's name":
				want["ibdata1"] = "x"
			case "another data directory", "no data directory", "a prepared folder that is gone":
			default:
				want["notes"] = "x"
			}
			if got := testkit.Tree(t, r.p.Target); !maps.Equal(got, want) {
				t.Errorf("the target holds %v, want %v", got, want)
			}
			r.nothingLeft()
		})
	}
}

func TestLostAndFoundIsNoObstacle(t *testing.T) {
	t.Parallel()
	r := newPlacement(t, place.Entries)
	r.Must(os.Mkdir(filepath.Join(r.p.Target, "lost+found"), 0o700))
	if _, err := r.restores().place(t.Context(), r.task); err != nil {
		t.Fatal(err)
	}
	if got := readDir(t, r.p.Target); len(got) != 6 {
		t.Errorf("in place are %q", got)
	}
}

// A real server must refuse to start on any part of a real data directory
// that is put into place entry by entry, and start on the whole.
func TestServerStartsOnNoPart(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t)
	mariadbtest.FillTables(t, server.DB(), 3, 50)
	want := mariadbtest.Fingerprint(t, server.DB())
	h := hostOf(t, server)
	program, err := h.Tool.Find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := h.Server.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	h.Server.DataDir = filepath.Join(h.Dir, "data")
	p := &place.Placement{Mode: place.Entries, Target: h.Server.DataDir, Stage: filepath.Join(h.Server.DataDir, ".dbcalm-op")}
	h.Must(os.MkdirAll(p.Prepared(), 0o700))
	for _, spec := range []job.Spec{h.Tool.BackupCommand(program, credentials, nil, server.DataDir, p.Prepared(), tool.Base{}),
		h.Tool.PrepareCommand(program, p.Prepared(), false)} {
		if out, err := exec.Command(spec.Path, spec.Args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", spec.Line(), err, out)
		}
	}
	server.Stop()
	h.Must(tool.StripMetadata(p.Prepared()))
	h.Must(p.Identify())
	n := len(p.Entries)
	for _, k := range []int{1, 2, n / 2, n - 1} {
		part := filepath.Join(h.Dir, fmt.Sprintf("part%d", k))
		h.Must(os.Mkdir(part, 0o700))
		for _, e := range p.Entries[:k] {
			if out, err := exec.Command("cp", "-a", filepath.Join(p.Prepared(), e.Name), part).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		if err := server.TryStartOn(part); err == nil {
			t.Errorf("the server starts on %d of %d entries", k, n)
			server.Stop()
		}
	}
	if _, err := h.restores().place(t.Context(), Task{Operation: "op", Data: Data{Placement: p}}); err != nil {
		t.Fatal(err)
	}
	server.StartOn(h.Server.DataDir)
	if got := mariadbtest.Fingerprint(t, server.DB()); !maps.Equal(got, want) {
		t.Errorf("restored %v, want %v", got, want)
	}
}
