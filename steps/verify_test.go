package steps

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

const (
	serverBannerText = "echo 'mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)'\n"
	otherBannerText  = "echo 'mariadbd  Ver 11.4.2-MariaDB for Linux on x86_64'\n"
)

// verifyTask is a verification of a chain.
func (h *testHost) verifyTask(level persistence.Level, ids ...string) Task {
	return Task{Operation: "op", Machine: "verify_backup", Attempt: 1, Args: Args{IDList: ids, Target: TargetVerify, Level: level}}
}

// verifiable is a store with a chain of two and the programs to verify it.
func verifiable(t *testing.T) *testHost {
	t.Helper()
	h := twoLinks(t)
	h.Tool.Bin, h.ServerBin = h.Script("tool", fakeBanner), h.Script("mariadbd", serverBannerText)
	return h
}

func TestVerificationIsValidated(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := verifiable(t)
	before := testkit.Tree(t, h.Dir)
	for _, level := range persistence.Levels {
		out, err := h.verifications().validateVerify(t.Context(), h.verifyTask(level, "full", "inc"))
		if err != nil {
			t.Fatal(err)
		}
		prepares, boots := level.Covers(persistence.LevelPrepare), level.Covers(persistence.LevelBoot)
		if out.Event != string(level) || (out.Data.Placement != nil) != prepares || (out.Data.Tool != nil) != prepares ||
			(out.Data.ServerProgram != nil) != boots {
			t.Errorf("level %s: %+v", level, out)
		}
		if prepares && out.Data.Placement.Stage != filepath.Join(h.Store.BackupDir, ".partial", "op-stage") {
			t.Errorf("level %s works in %s", level, out.Data.Placement.Stage)
		}
	}
	if after := testkit.Tree(t, h.Dir); !reflect.DeepEqual(after, before) {
		t.Errorf("something was written: %v", after)
	}
}

func TestVerificationIsRefused(t *testing.T) {
	t.Parallel()
	const advice = ": install a server of the series 10.11 and set server_bin to its program, or verify at level prepare"
	for name, test := range map[string]struct {
		level persistence.Level
		spoil func(h *testHost)
		want  string
	}{
		"damage": {"files", func(h *testHost) { h.Must(os.Remove(filepath.Join(h.Store.Folder("inc"), "ibdata1.delta"))) },
			"file ibdata1.delta is missing; use another chain; take a full backup; the chain is whole up to 'full'"},
		"damage at its beginning": {"boot", func(h *testHost) { h.Must(os.Remove(filepath.Join(h.Store.Folder("full"), "ibdata1"))) },
			"file ibdata1 is missing; use another chain; take a full backup"},
		"files of an older program": {"files", func(h *testHost) { h.Must(os.Remove(filepath.Join(h.Store.Folder("full"), store.ManifestName))) },
			"backup 'full' has no dbcalm.json, which would say what its files must be: an older program made it; verify at level prepare or boot"},
		"sums of an older program": {"checksum",
			func(h *testHost) { h.Must(os.Remove(filepath.Join(h.Store.Folder("inc"), store.ManifestName))) }, "backup 'inc' has no dbcalm.json"},
		"no tool": {"prepare", func(h *testHost) { h.Must(os.Remove(h.Tool.Bin)) }, "the backup tool "},
		"no server": {"boot", func(h *testHost) { h.Must(os.Remove(h.ServerBin)) }, "is not there, to boot the backup on: " +
			"install the package mariadb-server-core of the backup's series, or correct server_bin, or verify at level prepare"},
		"a server of another series": {"boot", func(h *testHost) { h.ServerBin = h.Script("other", otherBannerText) },
			"backup 'inc' is of a server 10.11.6-MariaDB and cannot be booted on "},
		"its advice": {"boot", func(h *testHost) { h.ServerBin = h.Script("other", otherBannerText) }, advice},
		"another database's server": {"boot", func(h *testHost) {
			h.ServerBin = h.Script("other", "echo '/usr/sbin/mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)'\n")
		}, "is a server of mysql, and the backups are of mariadb"},
		"no server at all": {"boot", func(h *testHost) { h.ServerBin = h.Script("other", "echo hello\n") },
			`does not present itself as a server: "hello"; correct server_bin`},
		"one that breaks": {"boot", func(h *testHost) { h.ServerBin = h.Script("other", "exit 3\n") }, "for its version: exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := verifiable(t)
			test.spoil(h)
			_, err := h.verifications().validateVerify(t.Context(), h.verifyTask(test.level, "full", "inc"))
			testkit.Says(t, err, test.want)
			if _, found := errors.AsType[*store.Damage](err); found != strings.HasPrefix(name, "damage") {
				t.Errorf("damage: %t", found)
			}
		})
	}
}

// Backups of an older program can be tried, and what that proves is told.
func TestVerificationOfAnOlderProgramsBackup(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := verifiable(t)
	h.Must(os.Remove(filepath.Join(h.Store.Folder("full"), store.ManifestName)))
	h.Must(os.Remove(filepath.Join(h.Store.Folder("inc"), store.ManifestName)))
	task := h.verifyTask("boot", "full", "inc")
	testkit.Write(t, h.Store.Folder("inc"), map[string]string{"xtrabackup_info": "server_version = 11.4.2-MariaDB-log\n"})
	_, err := h.verifications().validateVerify(t.Context(), task)
	testkit.Says(t, err, "backup 'inc' cannot be prepared: mariabackup 10.11.19-MariaDB does not fit MariaDB 11.4.2-MariaDB-log")
	testkit.Write(t, h.Store.Folder("inc"), map[string]string{"xtrabackup_info": "server_version = 10.11.6-MariaDB-log\n"})
	if _, err := h.verifications().validateVerify(t.Context(), task); err != nil {
		t.Error(err)
	}
	out, err := h.verifications().recordVerify(t.Context(), task)
	if want := []persistence.Verdict{{BackupID: "inc", Level: "boot"}}; err != nil || !reflect.DeepEqual(out.Verdicts, want) {
		t.Errorf("recorded %+v, %v, want %+v", out.Verdicts, err, want)
	}
}

func TestVerdictsOfAVerification(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	for id, operation := range map[string]string{"full": "made-full", "inc": "made-inc"} {
		h.Manifest(id, func(m *store.Manifest) { m.Operation = operation })
	}
	for level, below := range map[persistence.Level]persistence.Level{"files": "files", "checksum": "checksum",
		"prepare": "checksum", "boot": "checksum"} {
		out, err := h.verifications().recordVerify(t.Context(), h.verifyTask(level, "full", "inc"))
		want := []persistence.Verdict{{BackupID: "full", MadeBy: "made-full", Level: below}, {BackupID: "inc", MadeBy: "made-inc", Level: level}}
		if level != "files" {
			// What has been hashed is what the manifest lists: that one is proved, too.
			for i := range want {
				m, err := store.ReadManifest(h.Store.Folder(want[i].BackupID))
				h.Must(err)
				want[i].ManifestSHA256 = m.SHA256
			}
		}
		if err != nil || out.Event != EventOK || !reflect.DeepEqual(out.Verdicts, want) {
			t.Errorf("level %s: %+v, %v", level, out, err)
		}
		reason := "'inc' is proved at level " + string(level) + "; what it stands on at level " + string(below) + ": 'full'"
		if out.Reason != reason {
			t.Errorf("level %s says %q, want %q", level, out.Reason, want)
		}
	}
}

func TestChecksums(t *testing.T) {
	t.Parallel()
	for form := range storetest.Forms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			h := packedLinks(t, form, "directory")
			task := h.verifyTask("checksum", "full", "inc")
			before := testkit.Tree(t, h.Store.BackupDir)
			out, err := h.verifications().checkChain(t.Context(), task)
			want := EventOK
			if form == "forwarded stream" {
				want = EventStream
			}
			if err != nil || out.Event != want || !strings.Contains(out.Reason, ": checksums right") {
				t.Fatalf("%+v, %v", out, err)
			}
			if after := testkit.Tree(t, h.Store.BackupDir); !reflect.DeepEqual(after, before) {
				t.Error("the store was changed")
			}
			m, err := store.ReadManifest(h.Store.Folder("full"))
			h.Must(err)
			for _, f := range m.Files {
				path := filepath.Join(h.Store.Folder("full"), f.Path)
				text, err := os.ReadFile(path)
				h.Must(err)
				if len(text) == 0 || strings.HasPrefix(f.Path, "xtrabackup_") {
					continue
				}
				h.alter(path)
				_, err = h.verifications().checkChain(t.Context(), task)
				testkit.Says(t, err, "backup 'full' is damaged: file "+f.Path+" is damaged: its checksum is not the recorded one", "take a full backup")
				if d := storetest.Blamed(t, err); d.Backup != "full" || d.Level != persistence.LevelChecksum {
					t.Errorf("blamed is %s at %s", d.Backup, d.Level)
				}
				h.Must(os.WriteFile(path, text, 0o640))
			}
		})
	}
}

func TestForwardedStreamsAreLookedAt(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := packedLinks(t, "forwarded stream", "forwarded stream")
	task := h.verifyTask("checksum", "full", "inc")
	look := func(task Task) (Outcome, error) {
		t.Helper()
		spec, err := h.verifications().retrieveJob(t.Context(), task)
		if err != nil {
			return Outcome{}, err
		}
		if spec.Line() != "retrieve | sha256sum" {
			t.Errorf("the command line is told: %s", spec.Line())
		}
		return h.verifications().retrieveFinish(t.Context(), task, h.runs("op", 1, spec))
	}
	for _, want := range []struct{ event, reason string }{{EventMore, "'full' retrieved, "}, {EventOK, "'inc' retrieved, "}} {
		out, err := look(task)
		if err != nil || out.Event != want.event || !strings.Contains(out.Reason, want.reason) ||
			!strings.Contains(out.Reason, "checksum right") {
			t.Fatalf("%+v, %v", out, err)
		}
		task.Data = out.Data
	}
	if _, err := look(task); err == nil {
		t.Error("nothing was left to look at")
	}
	task = h.verifyTask("checksum", "full", "inc")
	if out, err := h.verifications().validateVerify(t.Context(), task); err != nil || strings.Contains(out.Reason, "only a higher level") {
		t.Errorf("at the level that looks at what was forwarded: %s, %v", out.Reason, err)
	}
	good := h.Retrieve
	h.Retrieve = "exit 3"
	_, err := look(task)
	testkit.Says(t, err, "look at backup 'full': retrieve failed with exit code 3")
	if errors.As(err, new(*store.Damage)) {
		t.Error("a command that fails says nothing about the backup")
	}
	h.Retrieve = good
	h.alter(filepath.Join(h.Forwarded(), "backup-full.xbstream.zst"))
	_, err = look(task)
	if d := storetest.Blamed(t, err); d.Backup != "full" || d.Level != persistence.LevelChecksum {
		t.Errorf("blamed is %s at %s", d.Backup, d.Level)
	}
	h.Retrieve = ""
	for _, level := range []persistence.Level{"checksum", "prepare"} {
		h.Tool.Bin = h.Script("tool", fakeBanner)
		_, err := h.verifications().validateVerify(t.Context(), h.verifyTask(level, "full", "inc"))
		testkit.Says(t, err, "backup 'full' was forwarded as backup-full.xbstream.zst, and retrieve is not set")
	}
	out, err := h.verifications().validateVerify(t.Context(), h.verifyTask("files", "full", "inc"))
	if err != nil || !strings.HasSuffix(out.Reason, "; streams that were forwarded, which only a higher level looks at: 2") {
		t.Errorf("%s, %v", out.Reason, err)
	}
}

func TestVerificationStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if _, err := h.verifications().checkChain(ctx, h.verifyTask("checksum", "full", "inc")); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestVerificationLeavesNothing(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := verifiable(t)
	before := testkit.Tree(t, h.Store.BackupDir)
	for _, test := range []struct {
		clean     func(context.Context, Task) (Outcome, error)
		cancelled bool
		event     string
	}{{h.verifications().cleanScratch, false, EventOK}, {h.verifications().discardVerify, false, EventFailed},
		{h.verifications().discardVerify, true, EventCancelled}} {
		task := h.verifyTask("boot", "full", "inc")
		// Nothing may have been made yet.
		if _, err := test.clean(t.Context(), task); err != nil {
			t.Error(err)
		}
		out, err := h.verifications().validateVerify(t.Context(), task)
		h.Must(err)
		task.Data, task.Cancelled = out.Data, test.cancelled
		out, err = h.verifications().stageScratch(t.Context(), task)
		h.Must(err)
		testkit.Write(t, task.Data.Placement.Stage, map[string]string{boot.ServerLock: "", "tmp/x": ""})
		for range 2 {
			if out, err = test.clean(t.Context(), task); err != nil || out.Event != test.event {
				t.Errorf("%+v, %v", out, err)
			}
		}
		if after := testkit.Tree(t, h.Store.BackupDir); !reflect.DeepEqual(after, before) {
			t.Errorf("left: %v", after)
		}
	}
}

func TestTablesAreProved(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := verifiable(t)
	task := h.verifyTask("prepare", "full", "inc")
	out, err := h.verifications().validateVerify(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	prepared := task.Data.Placement.Prepared()
	testkit.Write(t, prepared, map[string]string{"shop/orders.ibd": "", "shop/notes.frm": ""})
	if out, err := h.verifications().proveTables(t.Context(), task); err != nil || out.Event != "prepare" {
		t.Errorf("%+v, %v", out, err)
	}
	h.Must(os.Remove(filepath.Join(prepared, "shop", "orders.ibd")))
	_, err = h.verifications().proveTables(t.Context(), task)
	testkit.Says(t, err, "the restored data lacks shop/orders.ibd of backup 'inc'", "take a full backup")
	if d := storetest.Blamed(t, err); d.Backup != "inc" || d.Level != persistence.LevelPrepare {
		t.Errorf("blamed is %s at %s", d.Backup, d.Level)
	}
}
