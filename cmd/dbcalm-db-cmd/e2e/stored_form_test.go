package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/store"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// stored demands that a backup is stored in a form, by the word for it, that
// what its manifest says of a stream is true, and that the next backup can join
// it by what lies in the store.
func (w *world) stored(id, word string) *store.Manifest {
	w.t.Helper()
	folder := filepath.Join(w.backupDir, id)
	m, err := store.ReadManifest(folder)
	if err != nil {
		w.t.Fatal(err)
	}
	if m.StoredAs() != word {
		w.t.Errorf("%s is stored as %s, want %s", id, m.StoredAs(), word)
	}
	for _, name := range []string{"xtrabackup_checkpoints", "xtrabackup_info"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			w.t.Errorf("%s: %s is not readable in the store: %v", id, name, err)
		}
	}
	if m.Stream == nil {
		return m
	}
	content, err := os.ReadFile(w.streamFile(id))
	if err != nil {
		w.t.Fatal(err)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != m.Stream.SHA256 || int64(len(content)) != m.Stream.StoredSize {
		w.t.Errorf("%s: the stream has %d bytes and the sum %x, the manifest says %+v", id, len(content), sum, m.Stream)
	}
	if inStore := filepath.Dir(w.streamFile(id)) == folder; inStore == m.Stream.Forwarded {
		w.t.Errorf("%s: forwarded %t, in the store %t", id, m.Stream.Forwarded, inStore)
	}
	return m
}

// TestBackupsOfEachForm takes a full and an incremental backup in each form and
// checks what is stored, recorded and shown.
func TestBackupsOfEachForm(t *testing.T) {
	t.Parallel()
	words := map[string]string{"directory": "directory", "zstd directory": "zstd", "gzip directory": "gzip",
		"stream": "stream", "zstd stream": "stream+zstd", "gzip stream": "stream+gzip", "forwarded stream": "forwarded+zstd"}
	w := newWorld(t, worldOptions{})
	w.configure("compression_level", "2")
	w.configureForm("directory")
	w.start()
	base := ""
	for form, word := range words {
		w.use(form)
		mariadbtest.FillTables(t, w.db.DB(), 2, 20)
		name := strings.ReplaceAll(word, "+", ".")
		full, inc := "full-"+name, "inc-"+name
		w.succeeded(w.full(full))
		if base == "" {
			base = full
		}
		// It stands on a backup of another form, but for the first.
		w.succeeded(w.incremental(inc, base))
		for _, id := range []string{full, inc} {
			m := w.stored(id, word)
			var size, recorded int64
			for _, f := range m.Files {
				size += f.Size
			}
			if m.Stream != nil && m.Stream.Forwarded {
				size += m.Stream.StoredSize
			}
			err := w.sqlite().QueryRow(`SELECT size FROM backup WHERE id = ?`, id).Scan(&recorded)
			if err != nil || recorded != size || m.Size != size {
				t.Errorf("%s takes %d bytes, its manifest says %d, its record %d, %v", id, size, m.Size, recorded, err)
			}
			if packed := word != "directory"; packed != (m.PlainSize > 0) || packed && word != "stream" && m.PlainSize <= size {
				t.Errorf("%s takes %d bytes and holds %d", id, size, m.PlainSize)
			}
		}
		base = inc
	}
	backups, err := w.client.Backups(w.ctx())
	if err != nil || len(backups) != 2*len(words) {
		t.Fatalf("%d backups are listed, %v", len(backups), err)
	}
	for _, b := range backups {
		_, word, _ := strings.Cut(b.ID, "-")
		if b.Problem != "" || b.ToLSN == 0 || b.Form != strings.ReplaceAll(word, ".", "+") {
			t.Errorf("listed: %+v", b)
		}
	}
}

// TestForwardedBytesAreThoseOfTheManifest lets a stranger sum what is forwarded.
func TestForwardedBytesAreThoseOfTheManifest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.configureForm("forwarded stream")
	// Where a test's own tools are is said in variables of the same kind.
	const forward = `tee "%s/$DBCALM_FILE" | sha256sum >"%[1]s/sum"; env | grep ^DBCALM_ | grep -v ^DBCALM_TEST_ | sort >"%[1]s/env"`
	w.configure("forward", strconv.Quote(fmt.Sprintf(forward, w.vault())))
	w.start()
	v := w.succeeded(w.full("full-1"))
	m := w.stored("full-1", "forwarded+zstd")
	for name, want := range map[string]string{
		"sum": m.Stream.SHA256 + "  -\n",
		"env": "DBCALM_BACKUP_ID=full-1\nDBCALM_FILE=backup-full-1.xbstream.zst\nDBCALM_JOB=" + filepath.Join(w.stateDir, "jobs") + "/" + v.ID +
			"-4\nDBCALM_OPERATION_ID=" + v.ID + "\n",
	} {
		if text, err := os.ReadFile(filepath.Join(w.vault(), name)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v, want %q", name, text, err, want)
		}
	}
}

// TestFormStaysWithTheOperation changes the configuration under backups that
// are under way: one is adopted, one begins its copy again, both in the form
// that they were begun in.
func TestFormStaysWithTheOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	g := w.newGate("gate")
	w.useTool(`[ $doing = backup ] && { ` + g.wait() + `; }`)
	w.configure("max_concurrent", "2")
	w.configureForm("gzip stream")
	w.start()
	adopted, again := w.full("adopted"), w.full("again")
	w.eventually("both tools are at work", func() bool { return w.toolPIDOrNone(adopted) != 0 && w.toolPIDOrNone(again) != 0 })
	w.kill()
	for _, p := range w.processes() {
		if p.supervisor() && strings.Contains(p.args[len(p.args)-1], again) {
			if err := unix.Kill(p.pid, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.configureForm("zstd directory")
	w.start()
	w.eventually("one is adopted, one begins again", func() bool {
		return slices.Contains(events(w.show(adopted)), "adopt") && w.show(again).State == "stream" &&
			slices.Contains(events(w.show(again)), "rewind")
	})
	g.open(t)
	w.succeeded(adopted)
	w.succeeded(again)
	w.stored("adopted", "stream+gzip")
	w.stored("again", "stream+gzip")
	w.succeeded(w.full("later"))
	w.stored("later", "zstd")
}

// toolPIDOrNone is toolPID for an operation that may have no process yet.
func (w *world) toolPIDOrNone(operation string) int64 {
	w.t.Helper()
	if len(w.show(operation).Processes) == 0 {
		return 0
	}
	return w.toolPID(operation)
}

// TestCompressionResumes ends the daemon at each point of a file's compression.
func TestCompressionResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{tags: "crashpoints"})
	points := t.TempDir()
	w.env = append(w.env, "DBCALM_CRASH_DIR="+points)
	c := &crash{t: t, w: w, points: points}
	w.configureForm("zstd directory")
	w.start()
	mariadbtest.FillTables(t, w.db.DB(), 3, 60)
	want := mariadbtest.Fingerprint(t, w.db.DB())
	ids := []string{"compress-file", "compress-written", "compress-renamed"}
	for _, point := range ids {
		c.arm(point)
		operation := w.full(point)
		if !c.awaitHit(point, patience) {
			t.Fatalf("%s was never reached", point)
		}
		w.kill()
		w.start()
		v := w.succeeded(operation)
		if got := events(v); !slices.Contains(got, "redo") || v.Attempt != 2 {
			t.Errorf("%s: attempt %d\n%s", point, v.Attempt, w.story(v))
		}
		w.stored(point, "zstd")
	}
	w.db.Stop()
	for _, id := range ids {
		w.loseData()
		w.succeeded(w.restore(api.TargetDatabase, id))
		w.db.Start()
		w.holds(want)
		w.db.Stop()
	}
}
