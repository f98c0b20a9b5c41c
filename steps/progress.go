package steps

import (
	"bufio"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// copyProgress tells how far the tool is with a copy. What it has written says
// so of a full backup; an incremental writes little, but reads every page, and
// there the files it has done with count.
func (s backupSteps) copyProgress(t Task, folder string) (disk.Progress, bool) {
	// #nosec G115 -- no file, disk or log has 2^63 bytes
	p := disk.Progress{Total: int64(t.Data.DataSize), Began: t.Data.CopyStarted}
	if p.Total == 0 {
		return p, false
	}
	switch streamed, isStream := job.ReadProgress(folder); {
	case t.Args.FromBackupID != "" && t.Data.Server != nil:
		p.Done = copiedFiles(filepath.Join(folder, job.OutputFile), t.Data.Server.DataDir)
	case isStream:
		p.Done = streamed.Plain
	default:
		p.Done = written(t.Data.Work)
	}
	p.Cap()
	return p, true
}

// written returns the bytes that the data files below a folder take.
func written(folder string) int64 {
	return taken(folder, func(path string) bool {
		name := filepath.Base(path)
		return filepath.Dir(path) == folder && (strings.HasPrefix(name, "ib_logfile") || name == "xtrabackup_logfile")
	})
}

// taken returns the bytes that the files below a folder take, but for some.
func taken(folder string, but func(path string) bool) int64 {
	var sum int64
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || but(path) {
			return nil // what goes away meanwhile counts no more
		}
		if info, err := entry.Info(); err == nil {
			// #nosec G115 -- no file, disk or log has 2^63 bytes
			sum += int64(disk.Allocated(info))
		}
		return nil
	})
	return sum
}

// The tools say "[01] 2026-11-22 22:10:00 Copying ./a/t.ibd to /to/a/t.ibd" and
// then, with the number of the same thread, "        ...done"; XtraBackup 2.4
// puts the time first, and the later ones say "… [Xtrabackup] Done: Copying
// ./a/t.ibd to /to/a/t.ibd".
var (
	beginsFile = regexp.MustCompile(`^(?:\d{6} +[\d:]+ )?\[(\d+)\].* (?:Copying|Streaming|Compressing) (\S+)`)
	endsFile   = regexp.MustCompile(`^(?:\d{6} +[\d:]+ )?\[(\d+)\].*\.\.\.done`)
	doneFile   = regexp.MustCompile(`\[Xtrabackup\] Done: (?:Copying|Streaming) (\S+)`)
)

// copiedFiles returns the bytes of a data directory's files that the tool's
// output tells to be done.
func copiedFiles(output, dataDir string) int64 {
	f, err := disk.OpenRegular(filepath.Dir(output), filepath.Base(output))
	if err != nil {
		return 0
	}
	defer f.Close()
	var sum int64
	count := func(path string) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dataDir, path)
		}
		if info, err := os.Stat(path); err == nil {
			// #nosec G115 -- no file, disk or log has 2^63 bytes
			sum += int64(disk.Allocated(info))
		}
	}
	open := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if begins := beginsFile.FindStringSubmatch(lines.Text()); begins != nil {
			open[begins[1]] = begins[2]
		} else if ends := endsFile.FindStringSubmatch(lines.Text()); ends != nil {
			path, begun := open[ends[1]]
			if !begun {
				continue
			}
			delete(open, ends[1])
			count(path)
		} else if done := doneFile.FindStringSubmatch(lines.Text()); done != nil {
			count(done[1])
		}
	}
	return sum
}

// redoRead is how InnoDB says how much of the redo log it has read.
var redoRead = regexp.MustCompile(`(?i)redo log up to LSN=(\d+)`)

// maxOutput is how much of what a tool printed is looked at for its progress,
// in bytes.
const maxOutput = 64 << 20

// prepareProgress tells how far a full backup is prepared, and what is staged
// meanwhile.
func (s restoreSteps) prepareProgress(t Task, folder string) (disk.Progress, bool) {
	p, known := s.redoProgress(t, folder)
	return s.withAhead(t, p, known)
}

// redoProgress tells how far the tool is with the redo log of a full backup; log
// sequence numbers count bytes.
func (s restoreSteps) redoProgress(t Task, folder string) (disk.Progress, bool) {
	c, err := tool.ReadCheckpoints(s.Store.Folder(t.Args.IDList[0]))
	if err != nil || c.LastLSN <= c.ToLSN {
		return disk.Progress{}, false
	}
	// #nosec G115 -- no file, disk or log has 2^63 bytes
	p := disk.Progress{Total: int64(c.LastLSN - c.ToLSN)}
	text, err := disk.ReadSmall(folder, job.OutputFile, maxOutput)
	if err != nil {
		return p, false
	}
	if all := redoRead.FindAllSubmatch(text, -1); all != nil {
		if lsn, err := strconv.ParseUint(string(all[len(all)-1][1]), 10, 64); err == nil && lsn > c.ToLSN {
			// #nosec G115 -- no file, disk or log has 2^63 bytes
			p.Done = int64(lsn - c.ToLSN)
		}
	}
	p.Cap()
	return p, true
}

// withAhead adds to how far the tool is what is staged meanwhile, by what lies in
// the stage of it.
func (s restoreSteps) withAhead(t Task, p disk.Progress, known bool) (disk.Progress, bool) {
	next, record, found := t.ahead()
	if !found || t.Data.Placement == nil {
		return p, known
	}
	size, err := store.Link{Folder: s.Store.Folder(record.ID), Manifest: s.Store.ManifestOrNil(record.ID)}.Size()
	if err != nil {
		return p, known
	}
	// #nosec G115 -- no file, disk or log has 2^63 bytes
	total := int64(size.Allocated)
	p.Total += total
	none := func(string) bool { return false }
	p.Done += min(taken(t.Data.Placement.Link(next), none), total)
	p.Cap()
	return p, p.Total > 0
}

// applyProgress tells how far the tool is with an incremental, and what is staged
// meanwhile.
func (s restoreSteps) applyProgress(t Task, _ string) (disk.Progress, bool) {
	p, known := s.deltaProgress(t)
	return s.withAhead(t, p, known)
}

// deltaProgress tells how far the tool is with an incremental: it removes each
// changed part it has applied.
func (s restoreSteps) deltaProgress(t Task) (disk.Progress, bool) {
	id := t.Args.IDList[t.Data.Applied]
	l := store.Link{Folder: s.Store.Folder(id), Manifest: s.Store.ManifestOrNil(id)}
	if l.Manifest == nil || t.Data.Placement == nil {
		return disk.Progress{}, false
	}
	c, err := l.Content()
	if err != nil {
		return disk.Progress{}, false
	}
	var p disk.Progress
	for _, f := range c.Files {
		f = f.Restored()
		if filepath.Ext(f.Path) != ".delta" {
			continue
		}
		p.Total += f.Size
		if there, err := disk.Exists(filepath.Join(t.Data.Placement.Link(t.Data.Applied), f.Path)); err == nil && !there {
			p.Done += f.Size
		}
	}
	p.Cap()
	return p, p.Total > 0
}

// unpackProgress tells how much of a stored stream has been read.
func (s restoreSteps) unpackProgress(t Task, folder string) (disk.Progress, bool) {
	_, l, err := s.nextStream(context.Background(), t)
	if err != nil {
		return disk.Progress{}, false
	}
	p, told := job.ReadProgress(folder)
	total := l.Manifest.Stream.StoredSize
	return disk.Progress{Done: min(p.Stored, total), Total: total}, told
}
