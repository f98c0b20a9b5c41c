//go:build powerloss

package e2e

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestPowerLoss cuts the power between the effects of each operation. All that
// the daemon, the tools and the server have written lies on an ext4 file
// system that commits by itself only every ten minutes; the cut is ext4's own
// shutdown without a flush of its journal, so that what was not made durable
// is gone, and the journal is replayed as after a real cut. Then everything
// starts again in a new boot. A quarter of the points is enough for each day.
func TestPowerLoss(t *testing.T) {
	if !disktest.Enter(t) {
		return
	}
	p := newPower(t)
	p.storeIn("directory")
	for _, point := range testkit.Some(t, []string{
		"accept-recorded", "after-queued", "after-validate", "work-before-folder", "after-reserve",
		"job-recorded", "job-folder-made", "durable-written", "durable-renamed", "job-created", "job-launched", "job-identified", "job-released",
		"supervisor-granted", "supervisor-started", "supervisor-ended", "supervisor-result",
		"before-copy", "after-copy", "seal-before-manifest", "before-seal", "after-seal",
		"publish-after-rename", "before-publish", "after-publish", "before-record", "after-record",
	}) {
		p.backup(point)
	}
	for form, points := range map[string][]string{
		"zstd directory": {"before-compress", "compress-file", "compress-written", "compress-renamed", "after-compress",
			"seal-before-manifest"},
		"gzip stream": {"supervisor-started", "supervisor-ended", "supervisor-result", "before-stream", "after-stream",
			"seal-before-manifest"},
		"forwarded stream": {"supervisor-ended", "after-stream"},
	} {
		p.storeIn(form)
		for _, point := range testkit.Some(t, points) {
			p.backup(point)
		}
	}
	for _, point := range testkit.Some(t, []string{"retire-renamed", "before-retire", "after-retire", "before-erase", "after-erase",
		"before-record", "after-record"}) {
		p.remove(point)
	}
	p.c.w.db.Stop()
	for _, point := range testkit.Some(t, []string{
		"after-validate", "stage-file", "before-stage", "after-stage", "ahead-begun", "ahead-staged", "before-prepare", "after-prepare",
		"before-apply", "after-apply", "before-arrange", "after-arrange", "place-before-exchange", "place-after-exchange", "place-renamed",
		"before-place", "after-place", "before-record", "after-record",
	}) {
		p.restore(point, "base", "base-inc")
	}
	for _, point := range testkit.Some(t, []string{"before-stage", "supervisor-started", "supervisor-ended", "supervisor-result",
		"before-unpack", "after-unpack", "before-prepare"}) {
		p.restore(point, "base-stream", "base-compressed")
	}
	for _, point := range testkit.Some(t, []string{"supervisor-ended", "after-unpack"}) {
		p.restore(point, "base-stream", "base-sent")
	}
	t.Logf("%d power cuts", p.cuts)
}

// power is a world whose disk loses what was not made durable.
type power struct {
	t     *testing.T
	c     *crash
	image string
	mount string
	cuts  int
}

func newPower(t *testing.T) *power {
	t.Helper()
	program(t, "crashpoints")
	dir := t.TempDir()
	p := &power{t: t, image: filepath.Join(dir, "image"), mount: filepath.Join(dir, "m")}
	points := t.TempDir()
	for _, argv := range [][]string{
		{"truncate", "--size=3G", p.image},
		{"mkfs.ext4", "-q", "-F", p.image},
		{"mkdir", p.mount},
	} {
		p.run(argv...)
	}
	p.on()
	t.Cleanup(func() { p.run("umount", p.mount) })
	t.Setenv("TMPDIR", p.mount)
	p.c = newCrashOn(t, filepath.Join(p.mount, "backups"), filepath.Join(p.mount, "state"), points)
	unix.Sync()
	return p
}

// storeIn lets backups be stored in a form, also after a cut.
func (p *power) storeIn(form string) {
	p.t.Helper()
	p.c.storeIn(form)
	unix.Sync()
}

func (p *power) run(argv ...string) {
	p.t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		p.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

// on mounts the disk.
func (p *power) on() {
	p.t.Helper()
	p.run("mount", "-o", "loop,commit=600", p.image, p.mount)
}

// shutdownNoLogFlush is EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32), with
// EXT4_GOING_FLAGS_NOLOGFLUSH (fs/ext4/ext4.h).
const (
	ext4Shutdown       = 0x8004587d
	shutdownNoLogFlush = uint32(2)
)

// cut ends everything at once and brings the disk back as it then was.
func (p *power) cut() {
	p.t.Helper()
	root, err := os.Open(p.mount)
	if err != nil {
		p.t.Fatal(err)
	}
	flags := shutdownNoLogFlush
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, root.Fd(), ext4Shutdown, uintptr(unsafe.Pointer(&flags)))
	_ = root.Close()
	if errno != 0 {
		p.t.Fatalf("cut the power: %v", errno)
	}
	serverRan := p.c.w.db.Running()
	p.c.w.kill()
	p.c.w.killRest()
	p.c.nothingRuns()
	if serverRan {
		p.c.w.db.Kill()
	}
	p.c.w.eventually("the disk can be taken out", func() bool { return unix.Unmount(p.mount, 0) == nil })
	p.on()
	p.cuts++
	p.c.boots++
	p.c.write("boot_id", "boot-after-cut-"+string(rune('a'+p.cuts%26)))
	if serverRan {
		p.c.w.db.Start()
	}
	p.c.w.launch()
	p.c.settle()
}

// struck arms a point, sends a command, cuts the power there, and returns the
// operation, which must have ended well.
func (p *power) struck(point string, send func() (string, error)) api.OperationView {
	p.t.Helper()
	p.c.rounds++
	p.c.arm(point)
	type answer struct {
		id  string
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		id, err := send()
		answered <- answer{id, err}
	}()
	if !p.c.awaitHit(point, patience) {
		p.t.Fatalf("%s was never reached", point)
	}
	p.cut()
	a := <-answered
	if a.id == "" {
		list, err := p.c.w.client.Operations(p.c.w.ctx(), api.OperationFilter{Limit: 1})
		if err != nil || len(list) == 0 {
			p.t.Fatalf("no operation is known: %v", err)
		}
		a.id = list[0].ID
	}
	v := p.c.w.show(a.id)
	if v.Status != "succeeded" {
		p.t.Errorf("power cut at %s: %s of %s %s: %s\n%s", point, v.Machine, v.Backup, v.Status, v.Error, p.c.w.story(v))
	}
	return v
}

// backup cuts a backup; afterwards all that is recorded must be whole.
func (p *power) backup(point string) {
	p.t.Helper()
	w := p.c.w
	// InnoDB only: what a cut does to the server's other tables is not ours.
	mariadbtest.FillTables(p.t, w.db.DB(), 1, 5)
	before := mariadbtest.Fingerprint(p.t, w.db.DB())
	p.struck(point, func() (string, error) {
		return w.client.FullBackup(w.ctx(), api.BackupRequest{ID: p.c.name() + "-full"})
	})
	p.check()
	// The server itself may lose its last second, so a backup taken again holds
	// what came back.
	p.compareBackup(p.c.name()+"-full", before, mariadbtest.Fingerprint(p.t, w.db.DB()))
}

// compareBackup restores a backup and demands that its rows are those of one
// of the given fingerprints.
func (p *power) compareBackup(id string, wanted ...map[string]string) {
	p.t.Helper()
	v := p.c.w.succeeded(p.c.w.restore(api.TargetFolder, id))
	p.c.checker.StartOn(filepath.Join(v.Args.TmpDir, id))
	got := mariadbtest.Fingerprint(p.t, p.c.checker.DB())
	p.c.checker.Stop()
	if !slices.ContainsFunc(wanted, func(want map[string]string) bool { return maps.Equal(got, want) }) {
		p.t.Fatalf("backup %s came back as %v, wanted one of %v", id, got, wanted)
	}
	if err := os.RemoveAll(v.Args.TmpDir); err != nil {
		p.t.Fatal(err)
	}
}

// check checks what is recorded against what is on the disk, and that nothing
// else is.
func (p *power) check() {
	p.t.Helper()
	p.c.checkProcessRows(p.c.finalStates())
	p.c.checkStore(nil)
	if left := entries(p.t, filepath.Join(p.c.w.stateDir, "jobs")); len(left) > 0 {
		p.t.Errorf("job folders left: %v", left)
	}
	if p.t.Failed() {
		p.t.FailNow()
	}
}

// remove cuts the deletion of a backup made before.
func (p *power) remove(point string) {
	p.t.Helper()
	w := p.c.w
	for _, id := range entries(p.t, w.backupDir) {
		if strings.HasPrefix(id, "base") || id == "restores" {
			continue
		}
		p.struck(point, func() (string, error) { return "", w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: id}) })
		p.check()
		return
	}
	p.t.Fatal("no backup to delete")
}

// restore cuts a restore into the data directory; afterwards a server must
// run on it with every row.
func (p *power) restore(point string, chain ...string) {
	p.t.Helper()
	w := p.c.w
	w.loseData()
	v := p.struck(point, func() (string, error) {
		return w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: chain, Target: api.TargetDatabase})
	})
	// Until the last link is applied nothing is known to be on the disk.
	back := slices.ContainsFunc(v.Transitions, func(tr api.TransitionView) bool { return tr.Event == "rewind" && tr.To == "stage" })
	lost := []string{"after-stage", "before-unpack", "after-unpack", "before-prepare", "after-prepare"}
	if slices.Contains(lost, point) && !back {
		p.t.Errorf("power cut at %s: the stage was not made anew:\n%s", point, w.story(v))
	}
	p.check()
	w.db.Start()
	p.c.compare(w.db.DB(), p.c.expect[chain[1]])
	w.db.Stop()
}
