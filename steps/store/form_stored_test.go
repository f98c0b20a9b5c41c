package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

func TestStoredForm(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for manifest, want := range map[string]string{
		`{"format":1,"size":4,"folders":[],"files":[]}`:                           "directory",
		`{"format":2,"compression":"zstd","folders":[],"files":[]}`:               "zstd",
		`{"format":2,"stream":{"file":"s"},"folders":[],"files":[]}`:              "stream",
		`{"format":2,"stream":{"compression":"gzip"},"folders":[],"files":[]}`:    "stream+gzip",
		`{"format":2,"stream":{"forwarded":true},"folders":[],"files":[]}`:        "forwarded",
		`{"stream":{"forwarded":true,"compression":"zstd"},"folders":[]}`:         "forwarded+zstd",
		`{"compression":"zstd","folders":[],"files":[` + strings.Repeat("?", 1e6): "zstd",
		`{"format":2}`: "directory",
		`{"format":`:   "",
		``:             "",
	} {
		h := newStore(t)
		testkit.Write(t, h.Folder("b"), map[string]string{store.ManifestName: manifest})
		if got := h.About("b").Form; got != want {
			t.Errorf("%.60s: %q, want %q", manifest, got, want)
		}
	}
	h := newStore(t)
	testkit.Write(t, h.Folder("told"),
		map[string]string{store.ManifestName: `{"format":2,"server":{"version":"8.0.35"},"size":4,"plain_size":9,"folders":[],"files":[]}`})
	if got := h.About("told"); got.Server != "8.0.35" || *got.DataSize != 9 {
		t.Errorf("what is told: %+v", got)
	}
	for offset, known := range map[string]bool{"329": true, "0": false} {
		testkit.Write(t, h.Folder("logged"), map[string]string{store.ManifestName: `{"format":1,"operation":"o",
			"tool":{"name":"mariabackup","version":"10.11"},
			"server":{"flavour":"mariadb"},"binlog":{"file":"b.1","position":` + offset + `,"gtid":"0-1-2"},"folders":[],"files":[]}`})
		got := h.About("logged")
		if got.Tool != "mariabackup 10.11" || got.Operation != "o" || got.Flavour != server.MariaDB || (got.Binlog != nil) != known {
			t.Errorf("what is told of a binary log at %s: %+v", offset, got)
		}
	}
	if got := h.About("b").Form; got != "" {
		t.Errorf("of one that is gone: %q", got)
	}
	if err := os.Mkdir(filepath.Join(h.BackupDir, "b"), 0o750); err != nil {
		t.Fatal(err)
	}
	if got := h.About("b").Form; got != "directory" {
		t.Errorf("of one without manifest: %q", got)
	}
}

// Without its manifest a packed backup passes for an older program's as long
// as nobody looks at what it holds.
func TestPackedBackupWithoutManifestIsNotWhole(t *testing.T) {
	t.Parallel()
	for form := range storetest.Forms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			h := twoLinks(t)
			storetest.Forms[form](h.Kit, "full")
			h.Must(h.CheckChain(t.Context(), []string{"full"}))
			h.Must(os.Remove(filepath.Join(h.Folder("full"), store.ManifestName)))
			err := h.CheckChain(t.Context(), []string{"full"})
			if form == "directory" {
				h.Must(err)
				return
			}
			testkit.Says(t, err, "backup 'full' is damaged: it has no dbcalm.json, without which ",
				" cannot be restored: bring that file back; use another chain")
		})
	}
}
