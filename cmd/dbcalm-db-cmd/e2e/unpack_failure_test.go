package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

// TestFailedUnpackingLeavesAllAsItWas breaks streams, the command that gets
// them back and the unpacker in every way: what was at fault is named, nothing
// is put into place, and store and data directory are as before.
func TestFailedUnpackingLeavesAllAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{config: map[string]string{"stall_timeout": "10s"}})
	w.useTool("")
	w.useUnpacker("")
	w.configureForm("zstd stream")
	w.start()
	w.succeeded(w.full("full"))
	w.use("forwarded stream")
	w.succeeded(w.incremental("inc", "full"))
	w.db.Stop()
	w.loseData()
	server := tree(t, filepath.Dir(w.db.DataDir))
	stream, forwarded := w.streamFile("full"), w.streamFile("inc")
	read := func(path string) []byte {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	stored, sent := read(stream), read(forwarded)
	const cat = `cat "$VAULT/$DBCALM_FILE"`
	for n, test := range []struct {
		name, retrieve, unpacker string
		spoil                    func()
		words                    []string
	}{
		{name: "an altered stream", spoil: func() { flip(t, stream) },
			words: []string{"unpack backup 'full': backup-full.xbstream.zst is damaged: ", "use another chain"}},
		{name: "a stream cut short", spoil: func() { truncate(t, stream, len(stored)-100) },
			words: []string{"backup 'full' is damaged: file backup-full.xbstream.zst has "}},
		{name: "a stream that is gone", spoil: func() { truncate(t, stream, -1) },
			words: []string{"backup 'full' is damaged: file backup-full.xbstream.zst is missing"}},
		{name: "an altered forwarded stream", spoil: func() { flip(t, forwarded) },
			words: []string{"unpack backup 'inc': retrieve ended well, but what it gave is not the stream that was forwarded"}},
		{name: "a forwarded stream cut short", spoil: func() { truncate(t, forwarded, len(sent)-100) },
			words: []string{"unpack backup 'inc': retrieve ended well, but what it gave is not the stream that was forwarded"}},
		{name: "a forwarded stream that is gone", spoil: func() { truncate(t, forwarded, -1) },
			words: []string{"unpack backup 'inc': retrieve failed with exit code 1", "No such file or directory"}},
		{name: "retrieve fails at the end", retrieve: cat + "; echo connection reset >&2; exit 255",
			words: []string{"unpack backup 'inc': retrieve failed with exit code 255", "connection reset"}},
		{name: "retrieve gives too much", retrieve: cat + "; echo more",
			words: []string{"retrieve ended well, but what it gave is not the stream that was forwarded"}},
		{name: "retrieve is killed", retrieve: "kill -KILL $$", words: []string{"unpack backup 'inc': retrieve was killed by SIGKILL"}},
		{name: "retrieve hangs", retrieve: "exec sleep 1000",
			words: []string{"unpack backup 'inc': retrieve has given nothing for 10s (stall_timeout)"}},
		{name: "the unpacker fails", unpacker: `echo "cannot unpack this" >&2; exit 1`,
			words: []string{"unpack backup 'full': mbstream failed with exit code 1", "cannot unpack this"}},
		{name: "the unpacker complains", unpacker: `$real "$@"; echo "something is wrong" >&2; exit 0`,
			words: []string{"unpack backup 'full': mbstream claims success, but complained", "something is wrong"}},
		{name: "the unpacker leaves out a file", unpacker: `$real "$@"; rm "$target/ibdata1"; exit 0`,
			words: []string{"unpack backup 'full': mbstream claims success, but file ibdata1 is missing"}},
		{name: "the unpacker takes nothing", unpacker: `exit 0`,
			words: []string{"unpack backup 'full': mbstream ended before it had taken the whole stream"}},
		{name: "the unpacker hangs", unpacker: `exec sleep 1000`,
			words: []string{"unpack backup 'full': mbstream has taken nothing for 10s (stall_timeout)"}},
		{name: "the unpacker is killed again and again", unpacker: `kill -KILL $$`,
			words: []string{"interrupted 4 times in state unpack", "SIGKILL", "given up"}},
		{name: "a base of another time", spoil: func() { copyFile(t, forwarded, stream) }, words: []string{"backup-full.xbstream.zst has "}},
	} {
		if test.retrieve != "" {
			w.retrieveBy(test.retrieve)
		}
		w.useUnpacker(test.unpacker)
		if test.spoil != nil {
			test.spoil()
		}
		store := tree(t, w.backupDir)
		targets := []api.Target{api.TargetDatabase, api.TargetFolder}
		if n%2 == 1 {
			slices.Reverse(targets)
		}
		if strings.HasSuffix(test.name, "hangs") {
			targets = targets[:1] // each takes stall_timeout
		}
		for _, target := range testkit.Some(t, targets) {
			w.toldEverywhere(w.failed(w.restore(target, "full", "inc"), test.words...))
			unchanged(t, filepath.Dir(w.db.DataDir), server)
			unchanged(t, w.backupDir, store)
			if jobs := entries(t, filepath.Join(w.stateDir, "jobs")); len(jobs) > 0 {
				t.Errorf("job folders left: %v", jobs)
			}
		}
		if t.Failed() {
			t.Fatal(test.name)
		}
		w.retrieveBy(cat)
		for path, content := range map[string][]byte{stream: stored, forwarded: sent} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.useUnpacker("")
	w.succeeded(w.restore(api.TargetDatabase, "full", "inc"))
	w.db.Start()
}

// TestRestoreOfStreamsIsRefused where it cannot be done.
func TestRestoreOfStreamsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.useTool("")
	w.configureForm("forwarded stream")
	w.start()
	w.succeeded(w.full("full"))
	w.stop()
	w.configure("retrieve", `""`)
	w.start()
	// An incremental needs nothing that was forwarded.
	w.succeeded(w.incremental("inc", "full"))
	refused(t, w.refusal(api.TargetFolder, "full"), 503,
		"backup 'full' was forwarded as backup-full.xbstream.zst, and retrieve is not set: set retrieve in the configuration")
	w.stop()
	w.configureForm("forwarded stream")
	env := w.env
	w.env = append(w.env[:len(w.env):len(w.env)], "PATH=/nowhere")
	w.start()
	w.failed(w.restore(api.TargetFolder, "full"), "no mbstream beside ",
		"or on PATH, which unpacks streamed backups: install the package mariadb-backup")
	w.stop()
	w.env = env
	w.start()
	w.succeeded(w.restore(api.TargetFolder, "full"))
}

// truncate cuts a file to a size; below 0 it is removed.
func truncate(t testing.TB, path string, size int) {
	t.Helper()
	err := os.Truncate(path, int64(max(0, size)))
	if size < 0 {
		err = os.Remove(path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
