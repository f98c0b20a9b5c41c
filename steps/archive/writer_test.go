package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/testkit"
)

// Recorded binary logs, of a MariaDB and a MySQL.
const (
	recorded      = "../binlog/testdata/small.binlog"
	recordedMySQL = "../binlog/testdata/mysql-9.7.binlog"
)

// written is an archive with a segment that was sealed and one that is open, each
// of a half of the recorded log.
type written struct {
	testkit.Test
	archive *Archive
	log     []byte
	ends    []binlog.Part
	first   *Segment
	open    *writer
}

func newWritten(t *testing.T) *written {
	t.Helper()
	return writtenOf(t, recorded)
}

// writtenOf is newWritten of one of the logs.
func writtenOf(t *testing.T, recorded string) *written {
	t.Helper()
	w := &written{Test: testkit.NewTest(t, "store", "state")}
	w.archive = In(filepath.Join(w.Dir, "store"), filepath.Join(w.Dir, "state"))
	w.Must(w.archive.make())
	var err error
	w.log, err = os.ReadFile(recorded)
	w.Must(err)
	scanner := binlog.NewScanner(bytes.NewReader(w.log))
	for {
		part, err := scanner.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		w.Must(err)
		w.ends = append(w.ends, part)
	}
	half := len(w.ends) / 2
	header := scanner.Format().Raw
	open := w.write(Segment{Number: 1, Epoch: 1, Break: "begins", File: "binlog.000001", Header: header, before: *w.ends[1].State},
		w.ends[:half])
	w.first, err = open.seal(t.Context(), nil)
	w.Must(err)
	s := *w.first
	w.open = w.write(Segment{Number: 2, Epoch: 1, File: s.File, Header: header, From: s.To, To: s.To, before: s.after}, w.ends[half:])
	return w
}

func (w *written) write(s Segment, parts []binlog.Part) *writer {
	w.T.Helper()
	open, err := w.archive.begin(s)
	w.Must(err)
	for _, part := range parts {
		open.add(bytes.NewReader(w.log), part, time.Now())
	}
	w.Must(open.sync())
	return open
}

// expectAll expects the whole log in two segments.
func (w *written) expectAll() {
	w.T.Helper()
	chain, err := w.archive.Chain()
	w.Must(err)
	if len(chain.Segments) != 2 || len(chain.Problems) > 0 || chain.Last().To != int64(len(w.log)) || chain.next != 3 {
		w.T.Fatalf("got %d segments, %v", len(chain.Segments), chain.Problems)
	}
	whole, err := w.archive.Verify(w.T.Context(), func(p string) { w.T.Error(p) })
	if err != nil || whole != 2 {
		w.T.Errorf("%d are whole: %v", whole, err)
	}
	for _, name := range []string{openManifest, openContent} {
		if _, err := os.Stat(filepath.Join(w.archive.Folder, name)); !errors.Is(err, os.ErrNotExist) {
			w.T.Errorf("%s is left: %v", name, err)
		}
	}
}

// A file is that of a segment if it holds its bytes, whether or not a server has it
// open.
func TestSegmentIsInAFile(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	second, err := w.open.seal(t.Context(), w.first)
	w.Must(err)
	changed := func(at int64, bits byte) []byte {
		log := bytes.Clone(w.log)
		log[at] ^= bits
		return log
	}
	for _, c := range []struct {
		name          string
		log           []byte
		first, second bool
	}{
		{"the file", w.log, true, true},
		{"opened or closed since", changed(binlog.InUseAt, binlog.InUse), true, true},
		{"another flag", changed(binlog.InUseAt, 2), false, true},
		{"another in the first half", changed(w.first.To-1, 1), false, true},
		{"another in the second half", changed(second.To-1, 1), true, false},
		{"a shorter one", w.log[:second.To-1], true, false},
		{"a longer one", append(bytes.Clone(w.log), 1), true, true},
	} {
		for s, want := range map[*Segment]bool{w.first: c.first, second: c.second} {
			if got, err := s.isIn(bytes.NewReader(c.log)); err != nil || got != want {
				t.Errorf("%s, segment %d: %t, %v", c.name, s.Number, got, err)
			}
		}
	}
}

// Wherever a daemon ends while it seals a segment, the next one has it once, whole.
func TestSealBrokenOff(t *testing.T) {
	t.Parallel()
	keep := func(w *written, names ...string) (restore func()) {
		kept := map[string][]byte{}
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(w.archive.Folder, name))
			w.Must(err)
			kept[name] = text
		}
		return func() {
			for name, text := range kept {
				w.Must(os.WriteFile(filepath.Join(w.archive.Folder, name), text, 0o600))
			}
		}
	}
	for name, crash := range map[string]func(w *written){
		"before it is compressed": func(w *written) { w.Must(w.open.file.Close()) },
		"while it is": func(w *written) {
			w.Must(w.open.file.Close())
			w.Must(os.WriteFile(filepath.Join(w.archive.Folder, contentName(2)+".tmp"), []byte("half"), 0o600))
		},
		"before the head": func(w *written) {
			head, err := w.archive.readHead()
			w.Must(err)
			again := keep(w, openManifest, openContent)
			_, err = w.open.seal(w.T.Context(), w.first)
			w.Must(err)
			again()
			w.Must(w.archive.remove(manifestName(2)))
			w.Must(w.archive.writeHead(head))
		},
		"before the manifest": func(w *written) {
			again := keep(w, openManifest, openContent)
			_, err := w.open.seal(w.T.Context(), w.first)
			w.Must(err)
			again()
			w.Must(w.archive.remove(manifestName(2)))
		},
		"before the open one is removed": func(w *written) {
			again := keep(w, openManifest, openContent)
			_, err := w.open.seal(w.T.Context(), w.first)
			w.Must(err)
			again()
		},
		"between its two files": func(w *written) {
			again := keep(w, openContent)
			_, err := w.open.seal(w.T.Context(), w.first)
			w.Must(err)
			again()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWritten(t)
			crash(w)
			chain, err := w.archive.Chain()
			w.Must(err)
			_, err = w.archive.recover(t.Context(), chain.Last())
			w.Must(err)
			w.expectAll()
		})
	}
}

// Of an open segment that is torn anywhere, the whole transactions are kept.
func TestOpenSegmentIsCut(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWritten(t)
	w.Must(w.open.file.Close())
	path := filepath.Join(w.archive.Folder, openContent)
	content, err := os.ReadFile(path)
	w.Must(err)
	manifest, err := os.ReadFile(filepath.Join(w.archive.Folder, openManifest))
	w.Must(err)
	before, err := w.archive.readHead()
	w.Must(err)
	for cut := 0; cut <= len(content); cut += 7 {
		w.Must(os.WriteFile(path, content[:cut], 0o600))
		w.Must(os.WriteFile(filepath.Join(w.archive.Folder, openManifest), manifest, 0o600))
		s, err := w.archive.recover(t.Context(), w.first)
		w.Must(err)
		want := w.first.To
		for _, part := range w.ends {
			if part.End <= w.first.To+int64(cut) {
				want = max(want, part.End)
			}
		}
		if got := w.first.To; s != nil && s.To != want || s == nil && got != want {
			t.Fatalf("cut at %d: %+v, want it to end at %d", cut, s, want)
		}
		if s != nil {
			w.Must(w.archive.forget(s))
			w.Must(w.archive.writeHead(before))
		}
	}
}

// A store that is not there is not taken for an empty one.
func TestStoreThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWritten(t)
	_, err := w.open.seal(t.Context(), w.first)
	w.Must(err)
	w.Must(os.Rename(w.archive.Folder, w.archive.Folder+".away"))
	w.Must(w.archive.make())
	_, err = w.archive.Chain()
	testkit.Says(t, err, "has none of its 2 segments: is the disk of backup_dir mounted?")
	w.Must(os.RemoveAll(filepath.Dir(w.archive.Folder)))
	testkit.Says(t, w.archive.make(), "backup_dir (", "is missing: is its disk mounted?")
	empty := In(filepath.Join(w.Dir, "nowhere"), filepath.Join(w.Dir, "fresh"))
	if err := empty.make(); !errors.Is(err, errNoStore) {
		t.Errorf("before the first backup: %v", err)
	}
}
