package steps

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

// leftByServer are files that a stopped server leaves, and what is in them.
var leftByServer = map[string]string{"host.pid": "4711", "mysqld.sock": "", "host.err": "shut down", "ib_buffer_pool": "1,2"}

// leave puts into the data directory what a stopped server leaves.
func (r *placement) leave() {
	r.T.Helper()
	for name, text := range leftByServer {
		path := filepath.Join(r.p.Target, name)
		if name == "mysqld.sock" {
			r.Must(unix.Mknod(path, unix.S_IFSOCK|0o700, 0))
		} else {
			r.Must(os.WriteFile(path, []byte(text), 0o600))
		}
	}
}

// left demands that a folder holds it.
func (r *placement) left(folder string) {
	r.T.Helper()
	for name, text := range leftByServer {
		path := filepath.Join(folder, name)
		info, err := os.Lstat(path)
		if err != nil {
			r.T.Error(err)
			continue
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			r.T.Errorf("%s holds %q, %v", path, got, err)
		}
	}
}

func TestWhatAStoppedServerLeavesIsMovedAside(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{place.Swap, place.Entries} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r := newPlacement(t, mode)
			r.leave()
			if mode == place.Swap {
				r.Must(r.Server.CheckEmpty())
			}
			out, err := r.restores().place(t.Context(), r.task)
			r.Must(err)
			want := "in place in " + r.p.Target + "; what the stopped server had left was moved to " + r.p.Aside() +
				": host.err, host.pid, ib_buffer_pool, mysqld.sock"
			if out.Reason != want {
				t.Errorf("it says %q, want %q", out.Reason, want)
			}
			r.left(r.p.Aside())
			// Done again after a crash, it finds the same.
			if out, err := r.restores().place(t.Context(), r.task); err != nil || out.Reason != want {
				t.Errorf("again: %q, %v", out.Reason, err)
			}
			r.Must(os.RemoveAll(r.p.Aside()))
			r.placed()
		})
	}
}

// A restore that is given up puts them back, wherever it was broken off.
func TestWhatWasMovedAsideIsPutBack(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{place.Swap, place.Entries} {
		for name, broken := range map[string]func(r *placement){
			"before anything": func(*placement) {},
			"in the middle": func(r *placement) {
				r.Must(os.Mkdir(r.p.Aside(), 0o700))
				r.Must(os.Rename(filepath.Join(r.p.Target, "host.pid"), filepath.Join(r.p.Aside(), "host.pid")))
			},
			"when all is in place": func(r *placement) { r.Must(r.p.Put(r.T.Context(), r.Server)) },
		} {
			t.Run(mode+", "+name, func(t *testing.T) {
				t.Parallel()
				r := newPlacement(t, mode)
				r.leave()
				broken(r)
				if _, err := r.restores().discardRestore(t.Context(), r.task); err != nil {
					t.Fatal(err)
				}
				r.left(r.p.Target)
				if got := testkit.Tree(t, r.p.Target); len(got) != len(leftByServer) {
					t.Errorf("the data directory holds %v", maps.Clone(got))
				}
				r.nothingLeft()
			})
		}
	}
}

// The owner of the data directory has put a link where they are to go.
func TestNothingIsMovedThroughALink(t *testing.T) {
	t.Parallel()
	r := newPlacement(t, place.Entries)
	r.leave()
	r.Must(os.Mkdir(filepath.Join(r.Dir, "elsewhere"), 0o755))
	r.Must(os.Symlink(filepath.Join(r.Dir, "elsewhere"), r.p.Aside()))
	_, err := r.restores().place(t.Context(), r.task)
	testkit.Says(t, err, "move what the stopped server has left")
	if got := readDir(t, filepath.Join(r.Dir, "elsewhere")); len(got) != 0 {
		t.Errorf("moved elsewhere: %v", got)
	}
	r.left(r.p.Target)
}

func TestOtherFilesAreStillInTheWay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ibdata1", "my.pid.bak", "shop.pid/"} {
		h := newHost(t)
		testkit.Write(t, h.Server.DataDir, map[string]string{"host.err": ""})
		if name == "shop.pid/" {
			h.Must(os.Mkdir(filepath.Join(h.Server.DataDir, "shop.pid"), 0o700))
		} else {
			testkit.Write(t, h.Server.DataDir, map[string]string{name: ""})
		}
		testkit.Says(t, h.Server.CheckEmpty(), server.ErrDataDirNotEmpty.Error(), filepath.Base(name))
	}
	h := newHost(t)
	testkit.Write(t, h.Server.DataDir, map[string]string{"host.err": ""})
	want := h.Server.DataDir + " holds only what a stopped server leaves, which will be moved aside: host.err"
	if got := emptiness(h.Server.DataDir); got != want {
		t.Errorf("the plan says %q, want %q", got, want)
	}
}
