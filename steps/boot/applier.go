package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
)

// errRefused: the server refuses to do what it reads.
var errRefused = errors.New("the server refuses it")

// progressEvery is how often the replica is asked how far it is.
const progressEvery = 200 * time.Millisecond

// applier has a private server do what a plan says.
type applier struct {
	server *bootedServer
	dialect
	plan  archive.Plan
	stage string
	out   io.Writer
	laid  archive.Laid
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
	if err := a.tellEvents(ctx); err != nil {
		return false, err
	}
	return true, a.exec(ctx, a.logout...)
}

// begin has the server know where it stands, the first time.
func (a *applier) begin(ctx context.Context, begun bool) error {
	// The one connection is not to be let in again: what is replayed may drop every
	// account.
	a.server.db.SetMaxOpenConns(1)
	a.server.db.SetMaxIdleConns(1)
	if err := a.exec(ctx, append(a.session, a.forget...)...); err != nil {
		return err
	}
	if a.forget != nil {
		// It has opened what it knew of.
		if err := makeRelay(); err != nil {
			return err
		}
	}
	if begun {
		return nil
	}
	if err := a.stand(ctx); err != nil {
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

// stand has the server know what its data has seen.
func (a *applier) stand(ctx context.Context) error {
	from, err := binlog.ParseState(a.plan.From)
	if err != nil {
		return err
	}
	if a.counted {
		has, err := a.position(ctx)
		if err != nil || has.Equal(from) {
			return err
		}
		if !from.Contains(has) {
			return fmt.Errorf("replay: the restored data has seen GTID %s, and the backup tool noted %s: restore another backup",
				has.PositionText(), from.PositionText())
		}
	}
	return a.exec(ctx, a.reset(from.PositionText())...)
}

func (a *applier) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := a.server.db.ExecContext(ctx, statement); err != nil {
			return a.server.gone(ctx, fmt.Errorf("replay: %s: %w", firstWords(statement), err))
		}
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
	if err := a.server.db.QueryRowContext(ctx, `SELECT @@GLOBAL.`+a.counts).Scan(&text); err != nil {
		return binlog.State{}, a.server.gone(ctx, fmt.Errorf("replay: ask how far it is: %w", err))
	}
	return binlog.ParseState(text)
}

// apply has the server read the relay log to its end.
func (a *applier) apply(ctx context.Context) error {
	if err := a.index(); err != nil {
		return err
	}
	if err := a.exec(ctx, fmt.Sprintf(a.change, a.laid.Files[0]), a.begins); err != nil {
		return err
	}
	a.began = time.Now()
	crashpoint.Here("replay-started")
	wanted, err := binlog.ParseState(a.plan.GTID)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for idle := false; ; {
		at, err := a.position(ctx)
		if err != nil {
			return err
		}
		if idle && !at.Equal(wanted) {
			return a.elsewhere(at)
		}
		var running bool
		if running, idle, err = a.thread(ctx); err != nil {
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
	return a.exec(ctx, a.ends...)
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

// thread reports whether the thread that applies is at work, or why it is not. Idle:
// it has done all that there was.
func (a *applier) thread(ctx context.Context) (running, idle bool, err error) {
	status, err := a.status(ctx)
	if err != nil {
		return false, false, err
	}
	a.tell(status)
	if status["Last_SQL_Errno"] != "0" {
		at, err := a.position(ctx)
		if err != nil {
			return false, false, err
		}
		fmt.Fprintln(a.out, job.Printable([]byte(status["Last_SQL_Error"])))
		return false, false, fmt.Errorf("the transaction after GTID %s cannot be replayed: %w: %s",
			at.PositionText(), errRefused, status["Last_SQL_Error"])
	}
	return status[a.running] == "Yes", a.isBehind(status), nil
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
		return a.elsewhere(at)
	}
	return nil
}

func (a *applier) elsewhere(at binlog.State) error {
	return fmt.Errorf("the replay ended at GTID %s, and not at %s as planned", at.PositionText(), a.plan.GTID)
}
