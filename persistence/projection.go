package persistence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/persistence/shared"
)

const (
	// lookEvery is how often the shared file is looked at, and what waits for it
	// is tried again.
	lookEvery = time.Second
	// sharedTimeout bounds one piece of work on the shared file, whatever others
	// have put into it.
	sharedTimeout = 10 * time.Second
)

// projection keeps the shared file as the ledger says. Whoever writes the file
// holds the gate; changes leave the outbox in order and one at a time.
//
//	     commit            deliver                    settle
//	ledger ──▶ outbox ──────────────▶ shared file ──────────▶ gone from the outbox
//	                 │ locked, full, broken: stays, and is tried every second
//	                 │ gone, new, another one: the whole ledger is written anew
type projection struct {
	ledger *ledger
	path   string
	notice func(error)
	// examineAfter is Options.ExamineAfter.
	examineAfter time.Duration
	// reached is Options.Reached.
	reached func(string)
	gate    chan struct{}
	wake    chan struct{}
	quit    context.CancelFunc
	done    chan struct{}

	mu sync.Mutex
	// file is nil while it cannot be opened.
	file *shared.File
	// trouble is why the file is not as the ledger says; nil if it is, or will be
	// in a moment.
	trouble error

	// What follows belongs to the holder of the gate.

	// unsure: the first change in the outbox may be in the file already.
	unsure bool
	// settled is what the last look after a loss saw in the file's place: it is
	// filled only if that has not changed since, for it may be just being put there.
	settled resting
}

func newProjection(ledger *ledger, o Options) *projection {
	p := &projection{ledger: ledger, path: o.Shared, notice: o.Notice, examineAfter: o.ExamineAfter,
		gate: make(chan struct{}, 1), wake: make(chan struct{}, 1), unsure: true}
	if p.notice == nil {
		p.notice = func(error) {}
	}
	if p.reached = o.Reached; p.reached == nil {
		p.reached = func(string) {}
	}
	return p
}

// start begins to look after the file.
func (p *projection) start() {
	ctx, quit := context.WithCancel(context.Background())
	p.quit, p.done = quit, make(chan struct{})
	go func() {
		defer close(p.done)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			case <-p.wake:
			}
			p.look(ctx)
		}
	}()
}

// stop ends that and closes the file. What is in the outbox stays there.
func (p *projection) stop() {
	if p.quit != nil {
		p.quit()
		<-p.done
	}
	if f := p.take(nil); f != nil {
		_ = f.Close()
	}
}

// take puts another file in place of the open one and returns that.
func (p *projection) take(next *shared.File) *shared.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.file
	p.file = next
	return before
}

func (p *projection) current() *shared.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.file
}

// problem returns what is wrong with the file.
func (p *projection) problem() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trouble
}

// became notes what is wrong with the file now, and tells of it if it was not
// known. The caller holds the gate.
func (p *projection) became(err error) {
	p.mu.Lock()
	before := p.trouble
	p.trouble = err
	p.mu.Unlock()
	switch {
	case err == nil && before != nil:
		p.notice(nil)
	case err != nil && (before == nil || before.Error() != err.Error()):
		p.notice(err)
	}
}

// enter waits for the gate.
func (p *projection) enter(ctx context.Context) error {
	select {
	case p.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return dbfile.Explain(p.path, "write shared file", context.Cause(ctx))
	}
}

func (p *projection) leave() { <-p.gate }

// open opens the file for the first time, and fills it if it is not the one that
// the ledger knows.
func (p *projection) open(ctx context.Context) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	err := p.check(ctx)
	if errors.Is(err, shared.ErrLost) {
		if known, _ := p.ledger.knownFile(ctx); known.path != "" {
			p.became(err)
		}
		err = p.fill(ctx)
	}
	if err == nil {
		err = p.deliverAll(ctx)
	}
	p.became(err)
	return err
}

// look is one look at the file: what is wrong is mended if it can be.
func (p *projection) look(ctx context.Context) {
	if p.enter(ctx) != nil {
		return
	}
	defer p.leave()
	err := p.check(ctx)
	if errors.Is(err, shared.ErrLost) && p.quiet() {
		err = p.fill(ctx)
	}
	if err == nil {
		err = p.deliverAll(ctx)
	}
	if ctx.Err() == nil {
		p.became(err)
	}
}

// quiet reports whether what lies in the lost file's place, or that nothing
// does, was so at the last look.
func (p *projection) quiet() bool {
	var now resting
	if info, err := os.Lstat(p.path); err == nil {
		now = resting{size: info.Size(), modified: info.ModTime()}
		now.identity, _ = shared.Identify(p.path)
	}
	if p.problem() == nil || now != p.settled {
		p.settled = now
		return false
	}
	return true
}

// resting is a file that is not being written.
type resting struct {
	identity shared.Identity
	size     int64
	modified time.Time
}

// check looks whether the file is the one that was written, and learns what
// others have deleted there. The caller holds the gate.
func (p *projection) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sharedTimeout)
	defer cancel()
	known, err := p.ledger.knownFile(ctx)
	if err != nil {
		return err
	}
	now, err := shared.Identify(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.lost("it is gone")
	case err != nil:
		return dbfile.Explain(p.path, "look at shared file", err)
	case known.path != p.path:
		return p.lost("database_path was " + known.path)
	case !now.Same(known.identity):
		return p.lost("another file lies in its place")
	}
	f := p.current()
	if f == nil {
		if f, err = shared.Open(ctx, p.path, p.examineAfter); err != nil {
			return err
		}
		p.take(f)
	}
	if err := f.Damage(); err != nil {
		return err
	}
	return p.compare(ctx, f)
}

// lost returns an *Error that is errLost.
func (p *projection) lost(how string) error {
	return &dbfile.Error{Op: "write shared file", Path: p.path, Err: fmt.Errorf("%w: %s", shared.ErrLost, how),
		Hint: "it is being filled again from the ledger: try again in a few seconds"}
}

// deliverNow delivers after a commit, unless the file gives trouble: then nobody
// waits for it but the goroutine that looks after it. What goes wrong is told,
// and tried again.
func (p *projection) deliverNow(ctx context.Context) {
	if p.problem() == nil {
		// The change is committed: whoever gives up waiting changes nothing of that.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sharedTimeout)
		defer cancel()
		_ = p.deliver(ctx)
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// deliver brings everything that is in the outbox into the file.
func (p *projection) deliver(ctx context.Context) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	err := p.sameFile()
	if err == nil {
		err = p.deliverAll(ctx)
	}
	p.became(err)
	return err
}

// sameFile looks whether the open file still has its name, and is sound as far as
// is known.
func (p *projection) sameFile() error {
	f := p.current()
	if f == nil {
		if err := p.problem(); err != nil {
			return err
		}
		return p.lost("it is not open")
	}
	now, err := shared.Identify(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.lost("it is gone")
	case err != nil:
		return dbfile.Explain(p.path, "look at shared file", err)
	case !now.Same(f.Identity):
		return p.lost("another file lies in its place")
	}
	return f.Damage()
}

// ready reports why a new command could not be told to clients, before anything
// is recorded of it.
func (p *projection) ready(ctx context.Context) error {
	if err := p.problem(); errors.Is(err, shared.ErrLost) {
		return err
	}
	if err := p.deliver(ctx); err != nil {
		return err
	}
	return p.writable(ctx)
}

// writable begins to write the file, and leaves it at that.
func (p *projection) writable(ctx context.Context) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	err := p.sameFile()
	if err == nil {
		_, err = p.current().InTx(ctx, false, func(*shared.Tx) error { return errNothing })
	}
	if errors.Is(err, errNothing) {
		err = nil
	}
	err = dbfile.Explain(p.path, "write shared file", err)
	if err != nil {
		p.became(err)
	}
	return err
}

// shrink gives back a little of what the file no longer needs, and reports whether
// there is more to give. A file that is not as the ledger says is left alone.
func (p *projection) shrink(ctx context.Context) (more bool, err error) {
	if p.problem() != nil {
		return false, nil
	}
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	if err := p.sameFile(); err != nil {
		return false, err
	}
	more, err = p.current().Shrink(ctx, shrinkPages)
	return more, dbfile.Explain(p.path, "shrink shared file", err)
}

// errNothing ends a transaction that was only to be begun.
var errNothing = errors.New("nothing to write")

// deliverAll brings the changes in the outbox into the file, in order, each in a
// transaction of its own. The caller holds the gate.
func (p *projection) deliverAll(ctx context.Context) error {
	for {
		next, err := p.ledger.nextOutgoing(ctx)
		if err != nil || next == nil {
			if err == nil {
				p.unsure = false
			}
			return err
		}
		if err := p.deliverOne(ctx, *next); err != nil {
			return dbfile.Explain(p.path, "write shared file", err)
		}
	}
}

func (p *projection) deliverOne(ctx context.Context, next outgoing) error {
	ctx, cancel := context.WithTimeout(ctx, sharedTimeout)
	defer cancel()
	f := p.current()
	done, err := f.InTx(ctx, p.unsure, func(tx *shared.Tx) error {
		return tx.Apply(ctx, next.change, func(process int64) (int64, error) {
			id, _, err := p.ledger.sharedID(ctx, "process", process)
			return id, err
		})
	})
	unsure := p.unsure
	p.unsure = true
	if err != nil {
		return err
	}
	// From here on the change is in the file, known to us or not.
	p.reached("shared-written")
	if err := p.ledger.settleOutgoing(context.WithoutCancel(ctx), next.number, done); err != nil {
		return err
	}
	p.reached("shared-settled")
	p.unsure = false
	if unsure {
		// What was found to be there may have been deleted since, unseen.
		f.LookAgain()
	}
	return nil
}
