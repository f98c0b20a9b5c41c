package boot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/tool"
)

// Replay brings a prepared folder to a moment after its backup: a private server
// is started on it, and does what the archive of the binary log has, as a replica
// does: from a relay log, through its SQL thread. What it has done it notes with
// each transaction, so that a replay which was broken off goes on behind the last
// one.
type Replay struct {
	// Examination says how the server is started; Backup and Parallel are not used.
	Examination
	Archive archive.Archive
	// MySQL is the version of a server of MySQL; empty for one of MariaDB.
	MySQL string
}

// The files of a replay, in its working folder, the stage.
const (
	// PlanFile is the archive.Plan that is carried out.
	PlanFile = "replay.plan.json"
	// replayMark is there from when the server knows where it begins.
	replayMark  = "replay.begun.json"
	relayFolder = "relay"
	// ReplayProgress tells how far it is.
	ReplayProgress = "replay.progress.json"
)

// BeginAnew is the last line of a replay that cannot go on with the folder, which
// is to be staged and prepared again.
const BeginAnew = "begin anew"

// mark is what a replay notes of itself when it begins.
type mark struct {
	// Boot is the run of the machine: what was written in an earlier one may be lost.
	Boot string `json:"boot"`
	// Sum is that of the plan's last segment.
	Sum string `json:"sum"`
}

// Applied is how far a replay is, in bytes of the binary log.
type Applied struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	// Run is what this run of it has applied, in Seconds.
	Run     int64   `json:"run"`
	Seconds float64 `json:"seconds"`
}

// Took is how long this run has applied what it has.
func (a Applied) Took() time.Duration { return time.Duration(a.Seconds * float64(time.Second)) }

// Run replays, and ends with tool.Completed on out, or with BeginAnew.
func (r *Replay) Run(ctx context.Context, out io.Writer) error {
	// PDEATHSIG is tied to the thread that starts the server.
	runtime.LockOSThread()
	stage := filepath.Dir(r.Folder)
	if err := os.Chdir(stage); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	var plan archive.Plan
	if err := disk.ReadJSON(filepath.Join(stage, PlanFile), tool.MaxMetadata, &plan); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if err := AwaitServer(ctx, stage); err != nil {
		return err
	}
	begun, sure, err := r.begun(plan)
	if err != nil {
		return err
	}
	if sure && plan.Transactions > 0 {
		sure, err = r.replay(ctx, plan, begun, out)
	}
	if err := endOf(ctx, err); err != nil {
		return err
	}
	if !sure {
		return errors.New(BeginAnew)
	}
	_, err = fmt.Fprintf(out, "%s replayed, up to GTID %s\n%s\n", disk.Count(plan.Transactions, "transaction"), plan.GTID, tool.Completed)
	return err
}

// begun reports whether an earlier run has begun, and whether what it left can be
// relied on.
func (r Replay) begun(plan archive.Plan) (begun, sure bool, err error) {
	var m mark
	err = disk.ReadJSON(filepath.Join(filepath.Dir(r.Folder), replayMark), tool.MaxMetadata, &m)
	if errors.Is(err, os.ErrNotExist) {
		return false, true, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("replay: %w", err)
	}
	boot, err := job.CurrentBoot()
	if err != nil {
		return false, false, fmt.Errorf("replay: %w", err)
	}
	return true, m.Boot == boot && m.Sum == plan.Sum, nil
}

// replay starts the server, has it do all that is left to do, and stops it.
func (r *Replay) replay(ctx context.Context, plan archive.Plan, begun bool, out io.Writer) (sure bool, err error) {
	if err := makeRelay(); err != nil {
		return false, err
	}
	d, err := r.dialect(plan, begun)
	if err != nil {
		return false, err
	}
	if err := r.makeLogin(d); err != nil {
		return false, err
	}
	s, err := r.start(append(replayArgs(), d.args...)...)
	if err != nil {
		return false, err
	}
	defer s.kill()
	a := &applier{server: s, dialect: d, plan: plan, stage: filepath.Dir(r.Folder), out: out}
	sure, err = a.run(ctx, r.Archive, begun)
	if err != nil || !sure {
		return sure, s.lostReplay(out, err)
	}
	return true, s.lostReplay(out, errors.Join(s.stop(ctx), removeRelay(), r.removeOwn()))
}

// removeOwn removes what is this server's alone: a restored one makes itself a UUID
// of its own.
func (r *Replay) removeOwn() error {
	if err := os.Remove(filepath.Join(r.Folder, "auto.cnf")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// lostReplay says why a server ended in the middle of its work.
func (s *bootedServer) lostReplay(out io.Writer, err error) error {
	if !errors.Is(err, errEnded) {
		return err
	}
	if s.interrupted() {
		return errKilled
	}
	fmt.Fprintln(out, strings.Join(errorLines(serverLog), "\n"))
	return fmt.Errorf("the private server of the replay ended (%w)", s.err)
}

// makeRelay makes an empty folder for the relay log: what an earlier run has left
// says nothing of what was done.
func makeRelay() error {
	if err := removeRelay(); err != nil {
		return err
	}
	if err := os.Mkdir(relayFolder, 0o700); err != nil {
		return fmt.Errorf("make the relay log: %w", err)
	}
	return nil
}

func removeRelay() error {
	if err := os.RemoveAll(relayFolder); err != nil {
		return fmt.Errorf("remove the relay log: %w", err)
	}
	return nil
}

// replayUser is the account with which the server is spoken to. It is made when the
// server starts and dropped when all is done: a server that does not check accounts
// could not change them, nor events.
const replayUser = "dbcalm_replay"

// loginFile is what the server runs when it starts.
const loginFile = "replay.sql"

func (r *Replay) makeLogin(d dialect) error {
	r.user, r.password = replayUser, rand.Text()
	// No rule for passwords that a server may have is to refuse it.
	r.password += "-aB1!"
	text := fmt.Sprintf(d.login, replayUser, r.password)
	if err := os.WriteFile(loginFile, []byte(text), 0o600); err != nil {
		return fmt.Errorf("make an account for the replay: %w", err)
	}
	return nil
}

// ReplayRedo is how large the redo log of the server is made, in bytes.
const ReplayRedo = 128 << 20

// replayArgs are the server's options beside those of every private one. It is a
// replica without a source, which does what it reads whatever server's it is.
func replayArgs() []string {
	return []string{
		"--skip-grant-tables=OFF", "--event-scheduler=OFF", "--init-file=../" + loginFile, "--server-id=4294967295",
		"--relay-log=../" + relayFolder + "/relay-bin", "--relay-log-index=../" + relayFolder + "/relay-bin.index",
		"--relay-log-purge=OFF", "--read-only=OFF", "--max-allowed-packet=1G", "--default-time-zone=+00:00",
		// A server that is killed loses nothing of what it has written, and after a
		// power cut the replay begins anew.
		"--innodb-flush-log-at-trx-commit=2", fmt.Sprintf("--loose-innodb-log-file-size=%d", ReplayRedo),
	}
}
