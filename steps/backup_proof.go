package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/counts"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/inventory"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// tablesNamed is how many tables an error names.
const tablesNamed = 10

// proveAgainstServer checks that what the server had before the copy and has
// after it is in the backup, and notes down for the next incremental which
// tablespaces that were. It returns what it has found, for people. Names lists
// what the backup holds.
func (s backupSteps) proveAgainstServer(
	ctx context.Context, t Task, r job.Result, names func(Task) (map[string]bool, error),
) (string, error) {
	if t.Data.Before == "" {
		return "", nil
	}
	before, err := inventory.Read(t.Data.Before)
	if err != nil {
		return "", err
	}
	held, err := names(t)
	if err != nil {
		return "", err
	}
	after, err := before.Again()
	if err != nil {
		return "", err
	}
	found := before.Compare(after, held, tool.OmittedFiles(r.Omissions), r.Ended.UnixNano())
	if len(found.Missing) > 0 {
		if err := s.leftOut(ctx, t, r, before, found.Missing); err != nil {
			return "", err
		}
	}
	kept := inventory.After{Tablespaces: before.Came(after), Broken: before.StillBroken(after)}
	if err := disk.WriteJSON(store.AfterFile(t.Data.Work), kept); err != nil {
		return "", fmt.Errorf("keep what the server has: %w", err)
	}
	said := fmt.Sprintf("; all %d files of tables that the server had all the time are in it", found.Held)
	if found.Moved > 0 {
		said += fmt.Sprintf(", %d came, went or were made anew meanwhile", found.Moved)
	}
	if len(kept.Broken) > 0 {
		said += "; broken on the server already: " + inventory.NameBroken(kept.Broken, tablesNamed)
	}
	return said, nil
}

// awaitCheckpoint is how the tool comes to see a table that was imported.
const awaitCheckpoint = "run SET GLOBAL innodb_max_dirty_pages_pct = 0, " +
	"wait until the status Innodb_checkpoint_age is small, set it back, and take the backup again"

// leftOut is the error of a tool that has left tables out, or nil if it turns
// out that the server has them anew.
func (s backupSteps) leftOut(ctx context.Context, t Task, r job.Result, before inventory.Inventory, missing []string) error {
	unasked := ""
	if left, err := before.StillThere(ctx, s.Server, missing); err != nil {
		unasked = fmt.Sprintf(" (the server could not be asked once more: %v)", err)
	} else {
		missing = left
	}
	if len(missing) == 0 {
		return nil
	}
	summary := fmt.Sprintf("%s claims success, but left out what the server had before the copy and has after it: %s%s", t.Data.Tool.Name,
		inventory.NameTables(missing, tablesNamed), unasked)
	if len(r.Omissions) == 0 {
		// The tool of 10.5 says nothing of it.
		return &tool.Error{Summary: summary + ": take the backup again; if that leaves them out, too, " +
			"look into what the tool printed: dbcalm-db-cmd operations logs " + t.Operation +
			"; of tables that came by IMPORT TABLESPACE: " + awaitCheckpoint,
			Tail: tool.LastLines(r.Tail, tool.TailLines)}
	}
	// Seen after ALTER TABLE … IMPORT TABLESPACE: the redo log still tells that the
	// file which was there before was deleted.
	return &tool.Error{Summary: summary + ": the tool took them for dropped, as it does after IMPORT TABLESPACE " +
		"until the server has written a checkpoint: " + awaitCheckpoint,
		Tail: tool.LastLines(strings.Join(r.Omissions, "\n"), tool.TailLines)}
}

// workNames lists the files that the private folder holds, by the names they
// have once they are restored.
func (s backupSteps) workNames(t Task) (map[string]bool, error) {
	files, _, err := store.ListTree(t.Data.Work)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	return store.RestoredNames(paths, func(mark string) (string, error) { return tool.ReadRename(t.Data.Work, mark) })
}

// streamNames is workNames for a stream.
func streamNames(t Task) (map[string]bool, error) {
	contents, err := store.ReadContents(t.Data.Work, t.Args.ID)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(contents.Files))
	small := make(map[string]string, len(contents.Small))
	for i, f := range contents.Files {
		paths[i] = filepath.Clean(f.Path)
	}
	for path, text := range contents.Small {
		small[filepath.Clean(path)] = strings.TrimSpace(text)
	}
	return store.RestoredNames(paths, func(mark string) (string, error) {
		to, kept := small[mark]
		if !kept {
			return "", fmt.Errorf("the stream has the mark of a renamed table, %s, without its new name", mark)
		}
		return to, nil
	})
}

// proveCarried refuses an incremental that would not hold all that the server
// has: pages of a file that was put there since its base, and are older.
func (s backupSteps) proveCarried(ctx context.Context, dataDir string, base store.Link) error {
	b := inventory.Base{ToLSN: base.Checkpoints.ToLSN, Start: base.Record.StartTime.UnixNano()}
	if m := base.Manifest; m != nil {
		b.Began, b.Tablespaces, b.Start = m.Server.LSN, m.Tablespaces, m.StartTime.UnixNano()
	}
	replaced, err := b.Replaced(ctx, dataDir, s.Server)
	if err != nil {
		return err
	}
	if len(replaced) == 0 {
		return nil
	}
	return fmt.Errorf("the files of these tables were put there after backup '%s' was taken, as IMPORT TABLESPACE does, "+
		"and hold pages older than it, which no incremental on it would hold: %s: take a full backup",
		base.Record.ID, inventory.NameTables(replaced, tablesNamed))
}

// proveStreamBackup checks that what came through the pipe is what the backup was
// asked for, and that the files beside the stream say the same.
func (s backupSteps) proveStreamBackup(t Task) (tool.Checkpoints, error) {
	contents, err := provenContents(t)
	if err != nil {
		return tool.Checkpoints{}, err
	}
	base, err := s.baseCheckpoints(t)
	if err != nil {
		return tool.Checkpoints{}, err
	}
	c, err := store.ProveContents(contents, base)
	if err != nil {
		return c, err
	}
	return c, store.KeepBeside(t.Data.Work, contents, c)
}

// provenContents returns what the stream holds, once it is known to have come.
func provenContents(t Task) (stream.Contents, error) {
	r, form := t.Data.Stream, t.form()
	if r == nil || r.StoredSize == 0 || r.PlainSize == 0 || r.SHA256 == "" {
		return stream.Contents{}, errors.New("no stream came from it")
	}
	if !form.Forward {
		info, err := os.Stat(filepath.Join(t.Data.Work, form.StreamName(t.Args.ID)))
		if err != nil {
			return stream.Contents{}, fmt.Errorf("the stored stream cannot be read: %w", err)
		}
		if info.Size() != r.StoredSize {
			return stream.Contents{}, fmt.Errorf("the stored stream has %d bytes, of %d that came", info.Size(), r.StoredSize)
		}
	}
	return store.ReadContents(t.Data.Work, t.Args.ID)
}

// counter counts the rows of the server's tables as the operation was asked to.
func (s backupSteps) counter(t Task) counts.Counter {
	return counts.Counter{Server: s.Server, DataDir: t.Data.Server.DataDir, Checksums: t.Data.Count == CountChecksums}
}

// observeTables notes down when the server's tables were changed, for countRows.
func (s backupSteps) observeTables(ctx context.Context, t Task) error {
	if !t.Data.Count.On() {
		return nil
	}
	observed, err := s.counter(t).Observe(ctx)
	if err != nil {
		return err
	}
	return observed.Keep(store.ObservedFile(t.Data.Work))
}

// countRows counts the rows of the tables that have not changed since before the
// copy, and keeps the figures in the backup. That they cannot be had is kept
// there, too: it does not make the backup worse.
func (s backupSteps) countRows(ctx context.Context, t Task) (Outcome, error) {
	before, err := counts.ReadObservation(store.ObservedFile(t.Data.Work))
	if err != nil {
		return Outcome{}, err
	}
	files, err := inventory.Read(t.Data.Before)
	if err != nil {
		return Outcome{}, err
	}
	figures, err := s.counter(t).Count(ctx, counts.Job{Before: before, Files: files, Journal: store.CountedFile(t.Data.Work)})
	if err != nil {
		return Outcome{}, err
	}
	if err := figures.Keep(filepath.Join(t.Data.Work, counts.FileName)); err != nil {
		return Outcome{}, err
	}
	outcome := ok(t, figures.Describe())
	if form := t.form(); form.Compression != "" && !form.Stream {
		outcome.Event = EventCompress
	}
	return outcome, nil
}
