package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
)

// filling is a folder that a test fills as a program would.
type filling struct {
	testkit.Test
	w *Watcher
}

func newFilling(t *testing.T) *filling {
	t.Helper()
	f := &filling{Test: testkit.NewTest(t)}
	if f.w = Watch(f.Dir, 2, nil); f.w == nil {
		t.Fatalf("nothing can be hashed in %s: its file system or this kernel is not one of those known to be fit", f.Dir)
	}
	t.Cleanup(func() {
		if f.w != nil {
			f.finish()
		}
	})
	return f
}

func (f *filling) path(name string) string { return filepath.Join(f.Dir, name) }

func (f *filling) write(name, text string) {
	f.T.Helper()
	f.Must(os.MkdirAll(filepath.Dir(f.path(name)), 0o750))
	f.Must(os.WriteFile(f.path(name), []byte(text), 0o640))
}

func (f *filling) finish() List {
	f.T.Helper()
	w := f.w
	f.w = nil
	return w.Finish(nil)
}

// hashed waits until a file has been hashed that holds this text.
func (f *filling) hashed(name, text string) {
	f.T.Helper()
	testkit.Eventually(f.T, name+" is hashed", func() bool {
		f.w.mu.Lock()
		defer f.w.mu.Unlock()
		d := f.w.begun[name]
		return d != nil && d.SHA256 == sumOf(text)
	})
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// of returns what the list says of a file as it is now; "" for nothing.
func (f *filling) of(l List, name string) string {
	f.T.Helper()
	info, err := os.Lstat(f.path(name))
	f.Must(err)
	d, found := l.Of(name, info)
	if !found {
		return ""
	}
	return d.SHA256
}

func TestWatchHashesWhatIsClosed(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	f.write("ibdata1", "system")
	f.hashed("ibdata1", "system")
	f.write("shop/orders.ibd", "orders")
	f.write("shop/deep/er/empty", "")
	f.hashed("shop/orders.ibd", "orders")
	l := f.finish()
	for name, text := range map[string]string{"ibdata1": "system", "shop/orders.ibd": "orders", "shop/deep/er/empty": ""} {
		if got := f.of(l, name); got != sumOf(text) {
			t.Errorf("%s has digest %q, want %q", name, got, sumOf(text))
		}
	}
	if len(l) != 3 {
		t.Errorf("the list has %v", l)
	}
}

// A file is hashed as it is when its program is done with it for the last time.
func TestWatchHashesAgainWhatIsWrittenAgain(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	f.write("ibdata1", "first")
	f.hashed("ibdata1", "first")
	f.write("ibdata1", "again")
	if got := f.of(f.finish(), "ibdata1"); got != sumOf("again") {
		t.Errorf("got %q", got)
	}
}

// What was changed after its hash has none, however well that is hidden.
func TestChangedFilesHaveNoDigest(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, path string){
		"written to": func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("other"), 0o640)) },
		"written to, the time put back": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			must(t, err)
			must(t, os.WriteFile(path, []byte("other"), 0o640))
			must(t, os.Chtimes(path, time.Time{}, info.ModTime()))
		},
		"replaced": func(t *testing.T, path string) {
			must(t, os.WriteFile(path+".new", []byte("other"), 0o640))
			must(t, os.Rename(path+".new", path))
		},
		"a link now": func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".old"))
			must(t, os.Symlink(path+".old", path))
		},
		"lent again": func(t *testing.T, path string) { must(t, os.Chmod(path, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFilling(t)
			f.write("ibdata1", "first")
			f.hashed("ibdata1", "first")
			l := f.finish()
			if f.of(l, "ibdata1") == "" {
				t.Fatal("it had no digest before")
			}
			change(t, f.path("ibdata1"))
			if got := f.of(l, "ibdata1"); got != "" {
				t.Errorf("it has digest %q", got)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The tools rename and remove files while they work.
func TestWatchFollowsRenames(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	f.write("shop/a.ibd", "a")
	f.write("shop/gone.ibd", "gone")
	f.hashed("shop/a.ibd", "a")
	f.hashed("shop/gone.ibd", "gone")
	f.Must(os.Rename(f.path("shop/a.ibd"), f.path("shop/b.ibd")))
	f.write("shop/a.ibd", "another")
	f.Must(os.Remove(f.path("shop/gone.ibd")))
	l := f.finish()
	for name, text := range map[string]string{"shop/b.ibd": "a", "shop/a.ibd": "another"} {
		if got := f.of(l, name); got != sumOf(text) {
			t.Errorf("%s has digest %q, want that of %q", name, got, text)
		}
	}
}

// A file that only changes hands keeps its digest, whether it was hashed before or
// is hashed after that.
func TestMovedFilesKeepTheirDigest(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	f.write("ibdata1", "system")
	f.hashed("ibdata1", "system")
	before, err := os.Lstat(f.path("ibdata1"))
	f.Must(err)
	f.Must(os.Chmod(f.path("ibdata1"), 0o600))
	after, err := os.Lstat(f.path("ibdata1"))
	f.Must(err)
	f.w.Moved("ibdata1", before, after)
	if got := f.of(f.finish(), "ibdata1"); got != sumOf("system") {
		t.Errorf("got %q", got)
	}
}

// One that was written to at the same time does not.
func TestMovedFilesThatChangedHaveNoDigest(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	f.write("ibdata1", "system")
	f.hashed("ibdata1", "system")
	before, err := os.Lstat(f.path("ibdata1"))
	f.Must(err)
	held, err := os.OpenFile(f.path("ibdata1"), os.O_WRONLY, 0)
	f.Must(err)
	defer held.Close()
	_, err = held.WriteString("SYSTEM")
	f.Must(err)
	after, err := os.Lstat(f.path("ibdata1"))
	f.Must(err)
	f.w.Moved("ibdata1", before, after)
	if got := f.of(f.finish(), "ibdata1"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestWatchReadsNoLinks(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.WriteFile(outside, []byte("secret"), 0o600))
	f.Must(os.Symlink(outside, f.path("link")))
	f.write("named", "twice")
	f.Must(os.Link(f.path("named"), f.path("other")))
	f.Must(os.Symlink(t.TempDir(), f.path("folder")))
	f.write("last", "last")
	f.hashed("last", "last")
	if l := f.finish(); l["link"].SHA256 != "" || l["other"].SHA256 != "" {
		t.Errorf("hashed are %v", l)
	}
}

// Who does not wait for the rest gets what there is.
func TestFinishGivesUp(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	for i := range 200 {
		f.write(fmt.Sprint("file-", i), strings.Repeat("x", 1<<16))
	}
	stop := make(chan struct{})
	close(stop)
	w := f.w
	f.w = nil
	for name, d := range w.Finish(stop) {
		if d.SHA256 != sumOf(strings.Repeat("x", 1<<16)) {
			t.Errorf("%s has digest %q", name, d.SHA256)
		}
	}
}

// When more happens than the kernel keeps, that is taken for no file, and what is
// lost has no digest.
func TestLostEventsAreNoFiles(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	must(t, err)
	most, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	f := &filling{Test: testkit.NewTest(t)}
	events, err := newEvents()
	must(t, err)
	defer events.close()
	folder, err := os.Open(f.Dir)
	must(t, err)
	defer folder.Close()
	_, err = events.add(folder)
	must(t, err)
	f.write("a", "x")
	f.write("b", "x")
	// Of the same events in a row, the kernel keeps one.
	for i := range most {
		file, err := os.OpenFile(f.path([]string{"a", "b"}[i%2]), os.O_WRONLY, 0)
		must(t, err)
		must(t, file.Close())
	}
	f.write("last", "x")
	overflown, told := false, map[string]bool{}
	events.end()
	events.read(func(e event) {
		overflown = overflown || e.mask&unix.IN_Q_OVERFLOW != 0
		if e.mask&unix.IN_CLOSE_WRITE != 0 {
			told[e.name] = true
		}
		// It belongs to no folder, and is taken for nothing.
		(&Watcher{folders: map[int32]string{}}).happened(e)
	})
	if !overflown || !told["a"] || told["last"] {
		t.Errorf("overflown: %t, told are %v", overflown, told)
	}
}

func TestTellsOfErrors(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]bool{
		"5.7.19": false, "5.8.0-1-amd64": true, "4.18.0-553.el8": false, "6.1.0-28-amd64": true, "10.0": true, "": false, "linux": false,
	} {
		if got := tellsOfErrors(release); got != want {
			t.Errorf("%q: got %t", release, got)
		}
	}
}

func TestListSurvives(t *testing.T) {
	t.Parallel()
	f := newFilling(t)
	f.write("a", "a")
	l := f.finish()
	path := filepath.Join(t.TempDir(), "list")
	must(t, l.Write(path))
	read, err := ReadList(path)
	if err != nil || f.of(read, "a") != sumOf("a") {
		t.Errorf("read %v, %v", read, err)
	}
	if l, err := ReadList(path + ".none"); err == nil || len(l) != 0 {
		t.Errorf("got %v", l)
	}
}
