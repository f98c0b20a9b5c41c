package steps

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// examines is the subcommand examine, for this test binary.
func examines(ctx context.Context, args []string) (int, error) {
	var e boot.Examination
	flags := flag.NewFlagSet("examine", flag.ExitOnError)
	flags.StringVar(&e.Server, "server", "", "")
	flags.Uint64Var(&e.UseMemory, "use-memory", 0, "")
	flags.IntVar(&e.Parallel, "parallel", 1, "")
	flags.StringVar(&e.Backup, "backup", "", "")
	flags.IntVar(&e.LowerCaseTables, "lower-case-table-names", 0, "")
	flags.Func("server-option", "", func(option string) error {
		e.Options = append(e.Options, option)
		return nil
	})
	_ = flags.Parse(args)
	e.Folder = flags.Arg(0)
	return 0, e.Run(ctx, os.Stdout)
}

// bootTask is a verification whose chain is prepared.
func (h *testHost) bootTask(server string) Task {
	h.T.Helper()
	h.ServerBin = h.Script("mariadbd", "case \"$*\" in *--version*) "+serverBannerText+"exit ;; esac\n"+server)
	t := h.verifyTask("boot", "full", "inc")
	out, err := h.verifications().validateVerify(h.T.Context(), t)
	h.Must(err)
	t.Data = out.Data
	testkit.Write(h.T, t.Data.Placement.Prepared(), map[string]string{"backup-my.cnf": "[mysqld]\ninnodb_page_size=16384\n"})
	return t
}

func TestExaminationIsAJob(t *testing.T) {
	t.Parallel()
	h := verifiable(t)
	// As in the daemon, whose supervisor is its own program.
	h.Jobs.Supervisor = nil
	h.Manifest("inc", func(m *store.Manifest) { m.Server.LowerCaseTables = 1 })
	task := h.bootTask("")
	spec, err := h.verifications().examineJob(t.Context(), task)
	h.Must(err)
	stage := task.Data.Placement.Stage
	want := fmt.Sprintf("%s examine --server=%s --lower-case-table-names=1 --use-memory=67108864 --parallel=2 --backup=%s %s/0", spec.Path,
		h.ServerBin, h.Store.Folder("inc"), stage)
	if spec.Line() != want || spec.Output != stage {
		t.Errorf("%+v\nwant %s", spec, want)
	}
	own, err := os.Executable()
	h.Must(err)
	if spec.Path != own {
		t.Errorf("the program is %s, want this one, %s", spec.Path, own)
	}
}

// What a server that does not run says decides whose fault that is.
func TestServerThatDoesNotRun(t *testing.T) {
	t.Parallel()
	const damaged = "backup 'inc' is damaged: on a server started on it, "
	for name, test := range map[string]struct {
		server string
		damage bool
		want   []string
	}{
		"says what is wrong": {"echo '2026-11-22 1 [Note] secret rows' >&2\n" +
			"echo '2026-11-22 1 [ERROR] InnoDB: page 7 is corrupt' >&2\necho '1 [ERROR] Aborting' >&2\nexit 1", true,
			[]string{damaged + "it does not start: InnoDB: page 7 is corrupt; use another chain, or take a full backup", "[ERROR] Aborting"}},
		"says nothing": {"exit 1", true, []string{damaged + "it does not start;"}},
		"crashes":      {"kill -SEGV $$", true, []string{damaged + "it does not start;"}},
		"a full disk": {"echo '1 [ERROR] InnoDB: failed with error 28' >&2; exit 1", false,
			[]string{"the disk is full: free space", "the server ended (exit status 1)"}},
		"confined": {"echo '1 [ERROR] Could not open x (Errcode: 13 \"Permission denied\")' >&2; exit 1", false,
			[]string{"does AppArmor or SELinux confine the server"}},
		"wrong settings": {"echo \"1 [ERROR] unknown variable 'x=y'\" >&2; exit 1", false, []string{"unknown variable"}},
		"no key":         {"echo '1 [ERROR] InnoDB: table is encrypted, and there is no key' >&2; exit 1", false, []string{"encrypted"}},
		"warned of what it does not know": {
			"echo \"1 [Warning] unknown variable 'loose-x=y'\" >&2; echo '1 [ERROR] InnoDB: corrupt' >&2; exit 1", true,
			[]string{damaged + "it does not start: InnoDB: corrupt"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := verifiable(t)
			task := h.bootTask(test.server)
			spec, err := h.verifications().examineJob(t.Context(), task)
			h.Must(err)
			r := h.runs("op", 1, spec)
			_, err = h.verifications().examineFinish(t.Context(), task, r)
			testkit.Says(t, err, test.want...)
			if strings.Contains(r.Tail, "secret rows") {
				t.Errorf("rows are told: %s", r.Tail)
			}
			if !test.damage {
				if errors.As(err, new(*store.Damage)) {
					t.Errorf("the backup is blamed: %v", err)
				}
				return
			}
			if d := storetest.Blamed(t, err); d.Backup != "inc" || d.Level != persistence.LevelBoot {
				t.Errorf("blamed is %s at %s", d.Backup, d.Level)
			}
		})
	}
}

// A server that somebody else ends is an interruption, like a tool that is
// killed.
func TestServerThatIsEndedFromOutside(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, end := range []string{"kill -KILL $$", "exit 0"} {
		h := verifiable(t)
		spec, err := h.verifications().examineJob(t.Context(), h.bootTask(end))
		h.Must(err)
		if r := h.runs("op", 1, spec); r.Signal != "SIGKILL" {
			t.Errorf("%s: %+v", end, r)
		}
	}
}

func TestServerThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := verifiable(t)
	task := h.bootTask("")
	spec, err := h.verifications().examineJob(t.Context(), task)
	h.Must(err)
	h.Must(os.Remove(h.ServerBin))
	_, err = h.verifications().examineFinish(t.Context(), task, h.runs("op", 1, spec))
	testkit.Says(t, err, "start server: ", "no such file or directory", "correct server_bin")
	if errors.As(err, new(*store.Damage)) {
		t.Errorf("the backup is blamed: %v", err)
	}
}

func TestExaminationIsJudged(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := verifiable(t)
	task := h.bootTask("")
	began := time.Now()
	result := func(code int, lines ...string) job.Result {
		return job.Result{ExitCode: code, Tail: strings.Join(lines, "\n") + "\n", Started: began, Ended: began.Add(2 * time.Second)}
	}
	out, err := h.verifications().examineFinish(t.Context(), task,
		result(0, "not checked: a.s: The storage engine for the table doesn't support check",
			"310 tables checked, all sound; 1 not checked", "completed OK!"))
	if err != nil || out.Event != EventOK || out.Reason != "310 tables checked, all sound; 1 not checked in 2s" {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = h.verifications().examineFinish(t.Context(), task, result(1, "damaged: a.a: Corrupt", "damaged: a.b: Corrupt",
		"damaged: a.c: Corrupt", "damaged: a.d: Corrupt", "4 of 310 tables are damaged", "dbcalm-db-cmd: found damage"))
	testkit.Says(t, err, "backup 'inc' is damaged: on a server started on it, a.a: Corrupt, a.b: Corrupt, a.c: Corrupt, and 1 more; "+
		"use another chain, or take a full backup\nlast lines")
	storetest.Blamed(t, err)
	for _, r := range []job.Result{
		result(0, "310 tables checked, all sound"), result(1, "damaged: a.a: Corrupt", "something broke"), result(0),
		{ExitCode: -1, Signal: "SIGKILL"}, {StartError: "no"},
	} {
		if _, err := h.verifications().examineFinish(t.Context(), task, r); err == nil || errors.As(err, new(*store.Damage)) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// A server that is killed with its examination may still be at work for a
// moment: nobody touches its files before it is gone.
func TestServerIsWaitedFor(t *testing.T) {
	t.Parallel()
	stage := t.TempDir()
	if err := boot.AwaitServer(t.Context(), stage); err != nil {
		t.Errorf("without a server: %v", err)
	}
	path := filepath.Join(stage, boot.ServerLock)
	testkit.Write(t, stage, map[string]string{boot.ServerLock: ""})
	holder := exec.Command("flock", "-o", path, "sleep", "60")
	if err := holder.Start(); err != nil {
		t.Skipf("no flock: %v", err)
	}
	held := func() bool {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
	}
	testkit.Eventually(t, "the lock is held", held)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if err := boot.AwaitServer(ctx, stage); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("cancelled: %v", err)
	}
	waited := make(chan error)
	go func() { waited <- boot.AwaitServer(t.Context(), stage) }()
	if err := errors.Join(holder.Process.Kill(), ignoreExit(holder.Wait())); err != nil {
		t.Error(err)
	}
	if err := <-waited; err != nil {
		t.Errorf("when it is gone: %v", err)
	}
}

func ignoreExit(err error) error {
	if errors.As(err, new(*exec.ExitError)) {
		return nil
	}
	return err
}
