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
	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/crashpoint"
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
	_, err = fmt.Fprintf(out, "%d transactions replayed, up to GTID %s\n%s\n", plan.Transactions, plan.GTID, tool.Completed)
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
	if err := r.makeLogin(); err != nil {
		return false, err
	}
	s, err := r.start(replayArgs()...)
	if err != nil {
		return false, err
	}
	defer s.kill()
	a := &applier{server: s, plan: plan, stage: filepath.Dir(r.Folder), out: out}
	sure, err = a.run(ctx, r.Archive, begun)
	if err != nil || !sure {
		return sure, s.lostReplay(out, err)
	}
	return true, s.lostReplay(out, errors.Join(s.stop(ctx), removeRelay()))
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

func (r *Replay) makeLogin() error {
	r.user, r.password = replayUser, rand.Text()
	// No rule for passwords that a server may have is to refuse it.
	r.password += "-aB1!"
	text := fmt.Sprintf("CREATE OR REPLACE USER %s@localhost IDENTIFIED BY '%s';\nGRANT ALL PRIVILEGES ON *.* TO %[1]s@localhost;\n",
		replayUser, r.password)
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
		"--skip-grant-tables=OFF", "--event-scheduler=OFF", "--init-file=../" + loginFile,
		"--server-id=4294967295", "--replicate-same-server-id",
		"--relay-log=../" + relayFolder + "/relay-bin", "--relay-log-index=../" + relayFolder + "/relay-bin.index",
		"--relay-log-info-file=../" + relayFolder + "/relay-log.info", "--master-info-file=../" + relayFolder + "/master.info",
		"--slave-load-tmpdir=../" + serverTemp,
		"--relay-log-purge=OFF", "--slave-parallel-threads=0", "--slave-transaction-retries=0", "--gtid-strict-mode=OFF",
		"--slave-exec-mode=STRICT", "--slave-skip-errors=OFF", "--read-only=OFF", "--log-slave-updates=OFF",
		"--max-allowed-packet=1G", "--slave-max-allowed-packet=1G", "--default-time-zone=+00:00",
		// A server that is killed loses nothing of what it has written, and after a
		// power cut the replay begins anew.
		"--innodb-flush-log-at-trx-commit=2", fmt.Sprintf("--innodb-log-file-size=%d", ReplayRedo),
	}
}

// errRefused: the server refuses to do what it reads.
var errRefused = errors.New("the server refuses it")

// progressEvery is how often the replica is asked how far it is.
const progressEvery = 200 * time.Millisecond

// applier has a private server do what a plan says.
type applier struct {
	server *bootedServer
	plan   archive.Plan
	stage  string
	out    io.Writer
	laid   archive.Laid
	// before is what earlier runs have applied, in bytes; began is when this one
	// began to.
	before int64
	began  time.Time
}

func (a *applier) run(ctx context.Context, from archive.Archive, begun bool) (sure bool, err error) {
	if err := a.server.awaitReady(ctx); err != nil {
		return false, err
	}
	if err := a.begin(ctx, begun); err != nil {
		return false, err
	}
	applied, err := a.position(ctx)
	if err != nil {
		return false, err
	}
	if a.laid, err = from.Lay(ctx, &a.plan, applied, relayFolder); err != nil {
		return false, err
	}
	a.before = a.plan.Size - a.laid.Size
	if a.laid.Transactions > 0 {
		if begun && !a.laid.Sure {
			return false, nil
		}
		err := a.apply(ctx)
		if begun && errors.Is(err, errRefused) {
			// What a session had beside its tables, temporary ones say, was lost with the
			// server that was killed.
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	if err := a.prove(ctx); err != nil {
		return false, err
	}
	return true, a.exec(ctx, `DROP USER IF EXISTS `+replayUser+`@localhost`)
}

// begin has the server know where it stands, the first time.
func (a *applier) begin(ctx context.Context, begun bool) error {
	// The one connection is not to be let in again: what is replayed may drop every
	// account.
	a.server.db.SetMaxOpenConns(1)
	a.server.db.SetMaxIdleConns(1)
	if begun {
		return nil
	}
	if err := a.exec(ctx, `SET GLOBAL gtid_slave_pos = '`+a.plan.From+`'`); err != nil {
		return err
	}
	boot, err := job.CurrentBoot()
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	crashpoint.Here("replay-positioned")
	if err := disk.WriteJSON(filepath.Join(a.stage, replayMark), mark{Boot: boot, Sum: a.plan.Sum}); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

func (a *applier) exec(ctx context.Context, statement string) error {
	if _, err := a.server.db.ExecContext(ctx, statement); err != nil {
		return a.server.gone(ctx, fmt.Errorf("replay: %s: %w", firstWords(statement), err))
	}
	return nil
}

// firstWords name a statement.
func firstWords(statement string) string {
	words := strings.Fields(statement)
	return strings.Join(words[:min(3, len(words))], " ")
}

// position is what the server has applied.
func (a *applier) position(ctx context.Context) (binlog.State, error) {
	var text string
	if err := a.server.db.QueryRowContext(ctx, `SELECT @@GLOBAL.gtid_slave_pos`).Scan(&text); err != nil {
		return binlog.State{}, a.server.gone(ctx, fmt.Errorf("replay: ask how far it is: %w", err))
	}
	return binlog.ParseState(text)
}

// apply has the server read the relay log to its end.
func (a *applier) apply(ctx context.Context) error {
	change := fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='archive', MASTER_USER='none', MASTER_LOG_FILE='%s', MASTER_LOG_POS=4, "+
		"RELAY_LOG_FILE='%s', RELAY_LOG_POS=4, MASTER_USE_GTID=no", a.laid.Files[0], a.laid.Files[0])
	if err := a.index(); err != nil {
		return err
	}
	for _, statement := range []string{change, `START SLAVE SQL_THREAD`} {
		if err := a.exec(ctx, statement); err != nil {
			return err
		}
	}
	a.began = time.Now()
	crashpoint.Here("replay-started")
	wanted, err := binlog.ParseState(a.plan.GTID)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		at, err := a.position(ctx)
		if err != nil {
			return err
		}
		running, err := a.thread(ctx)
		if err != nil {
			return err
		}
		if at.Equal(wanted) {
			break
		}
		if !running {
			return fmt.Errorf("replay: the server stopped behind GTID %s and does not say why", at.PositionText())
		}
		select {
		case <-ticker.C:
		case <-a.server.ended:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	crashpoint.Here("replay-applied")
	for _, statement := range []string{`STOP SLAVE`, `RESET SLAVE ALL`} {
		if err := a.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// index lists the relay log's files for the server.
func (a *applier) index() error {
	var b strings.Builder
	for _, name := range a.laid.Files {
		fmt.Fprintf(&b, "../%s/%s\n", relayFolder, name)
	}
	if err := os.WriteFile(filepath.Join(relayFolder, "relay-bin.index"), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// thread reports whether the thread that applies is at work, or why it is not.
func (a *applier) thread(ctx context.Context) (running bool, err error) {
	status, err := a.status(ctx)
	if err != nil {
		return false, err
	}
	a.tell(status)
	if status["Last_SQL_Errno"] != "0" {
		at, err := a.position(ctx)
		if err != nil {
			return false, err
		}
		fmt.Fprintln(a.out, job.Printable([]byte(status["Last_SQL_Error"])))
		return false, fmt.Errorf("the transaction after GTID %s cannot be replayed: %w: %s",
			at.PositionText(), errRefused, status["Last_SQL_Error"])
	}
	return status["Slave_SQL_Running"] == "Yes", nil
}

// prove compares where the server stands with the plan.
func (a *applier) prove(ctx context.Context) error {
	at, err := a.position(ctx)
	if err != nil {
		return err
	}
	wanted, err := binlog.ParseState(a.plan.GTID)
	if err != nil {
		return err
	}
	if !at.Equal(wanted) {
		return fmt.Errorf("the replay ended at GTID %s, and not at %s as planned", at.PositionText(), a.plan.GTID)
	}
	return nil
}
