package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// alter changes a file and keeps its length.
func (h *testHost) alter(path string) {
	h.T.Helper()
	text, err := os.ReadFile(path)
	h.Must(err)
	text[len(text)/2] ^= 1
	h.Must(os.WriteFile(path, text, 0o640))
}

func TestDamagedStreamIsNotUnpacked(t *testing.T) {
	t.Parallel()
	for form, name := range map[string]string{"stream": "backup-full.xbstream", "gzip stream": "backup-full.xbstream.gz",
		"zstd stream": "backup-full.xbstream.zst"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			h := packedLinks(t, form, "directory")
			task := h.unpackTask()
			out, err := h.restores().stage(t.Context(), task)
			h.Must(err)
			task.Data = out.Data
			h.alter(filepath.Join(h.Store.Folder("full"), name))
			_, err = h.unpacks(task)
			testkit.Says(t, err, "unpack backup 'full': "+name+" is damaged: ", "use another chain; the other chains: dbcalm-db-cmd backups list")
		})
	}
	h := packedLinks(t, "directory", "zstd stream")
	task := h.unpackTask()
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	h.alter(filepath.Join(h.Store.Folder("inc"), "backup-inc.xbstream.zst"))
	_, err = h.unpacks(task)
	testkit.Says(t, err, "use another chain; the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder")
}

func TestMissingStreamIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, test := range []struct {
		spoil func(path string) error
		file  string
		want  string
	}{
		{func(path string) error { return os.Truncate(path, 9) }, "backup-full.xbstream.zst",
			"backup 'full' is damaged: file backup-full.xbstream.zst has 9 bytes instead of "},
		{os.Remove, "backup-full.xbstream.zst", "backup 'full' is damaged: file backup-full.xbstream.zst is missing"},
		{os.Remove, "backup-full.contents.json", "backup 'full' is damaged: file backup-full.contents.json is missing"},
		{os.Remove, "xtrabackup_checkpoints", "backup 'full' is damaged: read metadata: xtrabackup_checkpoints is missing"},
	} {
		h := packedLinks(t, "zstd stream", "directory")
		h.Must(test.spoil(filepath.Join(h.Store.Folder("full"), test.file)))
		_, err := h.Store.Chain(t.Context(), []string{"full", "inc"})
		testkit.Says(t, err, test.want)
	}
}

func TestFilesBesideAStreamAreChecked(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	for _, name := range []string{store.ContentsName("inc"), "xtrabackup_info"} {
		h := packedLinks(t, "directory", "forwarded stream")
		h.alter(filepath.Join(h.Store.Folder("inc"), name))
		_, err := h.restores().stage(t.Context(), h.unpackTask())
		testkit.Says(t, err, "backup 'inc' is damaged: file "+name+" is damaged: its checksum is not the recorded one; use another chain",
			"the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder")
	}
}

func TestUnreadableListOfAStream(t *testing.T) {
	t.Parallel()
	h := packedLinks(t, "stream", "directory")
	links, err := h.Store.Chain(t.Context(), []string{"full"})
	h.Must(err)
	testkit.Write(t, h.Store.Folder("full"), map[string]string{store.ContentsName("full"): "{"})
	_, err = links[0].Promised()
	testkit.Says(t, err, "backup 'full' is damaged: read the list of what its stream holds", "use another chain")
}

func TestRetrievedStreamIsProved(t *testing.T) {
	t.Parallel()
	const file = `"$FORWARDED/$DBCALM_FILE"`
	for name, test := range map[string]struct{ retrieve, want string }{
		"fails at once":     {"echo no such bucket >&2; exit 3", "retrieve failed with exit code 3"},
		"fails at the end":  {"cat " + file + "; exit 3", "retrieve failed with exit code 3"},
		"gives too little":  {"head -c 100 " + file, "retrieve ended well, but what it gave is not the stream that was forwarded"},
		"gives nothing":     {"true", "retrieve ended well, but what it gave is not the stream that was forwarded"},
		"gives too much":    {"cat " + file + " " + file, "retrieve ended well, but what it gave is not the stream that was forwarded"},
		"gives other bytes": {"tr '\\001' '\\002' <" + file, "retrieve ended well, but what it gave is not the stream that was forwarded"},
		"hangs":             {"exec sleep 1000", "retrieve has given nothing for 300ms (stall_timeout)"},
		"is not there":      {"nowhere-to-be-found", "retrieve failed with exit code 127"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := packedLinks(t, "forwarded stream", "directory")
			h.Retrieve = "FORWARDED='" + h.Forwarded() + "'\n" + test.retrieve
			if name == "hangs" {
				h.StallTimeout = 300 * time.Millisecond
			}
			task := h.unpackTask()
			out, err := h.restores().stage(t.Context(), task)
			h.Must(err)
			task.Data = out.Data
			_, err = h.unpacks(task)
			testkit.Says(t, err, "unpack backup 'full': "+test.want)
			if strings.Contains(test.want, "ended well") {
				testkit.Says(t, err, "; correct retrieve, or use another chain")
			}
		})
	}
}

// retrieve is told what forward was told, and so can find what that has made.
func TestRetrieveIsToldWhatItIsFor(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := packedLinks(t, "forwarded stream", "directory")
	h.Manifest("full", func(m *store.Manifest) { m.Operation = "made-it" })
	h.Retrieve = `[ "$DBCALM_BACKUP_ID/$DBCALM_OPERATION_ID" = full/made-it ] && cat '` + h.Forwarded() + `'/"$DBCALM_FILE"`
	task := h.unpackTask()
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	if out, err := h.unpacks(task); err != nil || out.Event != EventOK {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestForwardedBackupNeedsRetrieve(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := packedLinks(t, "directory", "forwarded stream")
	h.Must(h.CheckRetrievable([]string{"full", "inc", "unknown"}))
	task := h.unpackTask()
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	h.Retrieve = ""
	h.Tool.Bin = h.Script("tool", fakeBanner)
	want := []string{"backup 'inc' was forwarded as backup-inc.xbstream.zst, and retrieve is not set: set retrieve in the configuration"}
	testkit.Says(t, h.CheckRetrievable([]string{"full", "inc"}), want...)
	_, err = h.restores().validateRestore(t.Context(), task)
	testkit.Says(t, err, want...)
	_, err = h.restores().unpackJob(t.Context(), task)
	testkit.Says(t, err, want...)
	h.Must(h.CheckRetrievable([]string{"full"}))
}

// A compressed file is checked as it is stored and as it is restored.
func TestStageFindsDamageInCompressedFiles(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"zstd directory", "gzip directory"} {
		for name, test := range map[string]struct {
			spoil func(h *testHost, f *store.ManifestFile)
			want  string
		}{
			"another byte": {func(h *testHost, f *store.ManifestFile) { h.alter(filepath.Join(h.Store.Folder("full"), f.Path)) }, "damaged"},
			"another hash": {func(_ *testHost, f *store.ManifestFile) { f.SHA256 = f.Plain.SHA256 },
				"damaged: its checksum is not the recorded one"},
			"other content": {func(_ *testHost, f *store.ManifestFile) { f.Plain.SHA256 = f.SHA256 },
				"damaged: uncompressed, its checksum is not the recorded one"},
		} {
			t.Run(form+" "+name, func(t *testing.T) {
				t.Parallel()
				h := packedLinks(t, form, "directory")
				file := ""
				h.Manifest("full", func(m *store.Manifest) {
					for i := range m.Files {
						if f := &m.Files[i]; f.Plain != nil && f.Plain.Path == "shop/orders.ibd" {
							file = f.Path
							test.spoil(h, f)
						}
					}
				})
				_, err := h.restores().stage(t.Context(), h.unpackTask())
				testkit.Says(t, err, "backup 'full' is damaged: file "+file+" is ", test.want, "use another chain")
			})
		}
	}
}
