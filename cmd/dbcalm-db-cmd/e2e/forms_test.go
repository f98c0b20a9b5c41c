package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// forms are the ways in which a backup can be stored, as keys of the
// configuration.
var forms = map[string]map[string]string{
	"directory":      {},
	"zstd directory": {"compression": "zstd"},
	"gzip directory": {"compression": "gzip"},
	"stream":         {"stream": "true"},
	"zstd stream":    {"stream": "true", "compression": "zstd"},
	"gzip stream":    {"stream": "true", "compression": "gzip"},
	"forwarded stream": {"stream": "true", "compression": "zstd",
		"forward": `"cat >\"$VAULT/$DBCALM_FILE\" && sync \"$VAULT/$DBCALM_FILE\" \"$VAULT\""`},
}

// use lets the daemon, which runs, store backups in a form from now on.
func (w *world) use(form string) {
	w.t.Helper()
	w.stop()
	w.configureForm(form)
	w.start()
}

// configureForm lets daemons that are started after this store backups in a
// form. Streams are forwarded to a folder, from which they can always be got
// back.
func (w *world) configureForm(form string) {
	w.t.Helper()
	vault := w.vault()
	if err := os.MkdirAll(vault, 0o700); err != nil {
		w.t.Fatal(err)
	}
	keys := map[string]string{"stream": "false", "compression": `""`, "forward": `""`, "retrieve": `". \"$VAULT/.retrieve\""`}
	maps.Copy(keys, forms[form])
	for key, value := range keys {
		w.configure(key, strings.ReplaceAll(value, "$VAULT", vault))
	}
	w.retrieveBy(`cat "$VAULT/$DBCALM_FILE"`)
}

// vault is the folder to which streams are forwarded.
func (w *world) vault() string { return filepath.Join(w.dir, "vault") }

// retrieveBy changes what the command does that gets streams back.
func (w *world) retrieveBy(script string) {
	w.t.Helper()
	path := filepath.Join(w.vault(), ".retrieve")
	if err := os.WriteFile(path, []byte("VAULT="+strconv.Quote(w.vault())+"\n"+script+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// useUnpacker puts a program beside the world's fake tool that unpacks streams
// in the real one's place: where body falls through, that takes over.
func (w *world) useUnpacker(body string) {
	w.t.Helper()
	real := filepath.Join(filepath.Dir(realTool(w.t)), "mbstream")
	testkit.Program(w.t, filepath.Join(w.dir, "mbstream"), "#!/bin/sh\nreal="+real+"\ntarget=$3\n"+body+"\nexec $real \"$@\"\n")
}

// streamFile returns the file of a stored or forwarded stream.
func (w *world) streamFile(id string) string {
	w.t.Helper()
	for _, folder := range []string{filepath.Join(w.backupDir, id), w.vault()} {
		found, err := filepath.Glob(filepath.Join(folder, "backup-"+id+".xbstream*"))
		if err != nil {
			w.t.Fatal(err)
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	w.t.Fatalf("backup %s has no stream", id)
	return ""
}

// flip flips one bit in the middle of a file.
func flip(t testing.TB, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
