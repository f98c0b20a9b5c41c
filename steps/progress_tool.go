package steps

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// copyProgress tells how far the tool is with a copy. What it has written says
// so of a full backup; an incremental writes little, but reads every page, and
// there the files it has done with count.
func (h *Host) copyProgress(t Task, folder string) (Progress, bool) {
	p := Progress{Total: int64(t.Data.DataSize), Began: t.Data.CopyStarted}
	if p.Total == 0 {
		return p, false
	}
	switch streamed, isStream := ReadProgress(folder); {
	case t.Args.FromBackupID != "" && t.Data.Server != nil:
		p.Done = copiedFiles(filepath.Join(folder, outputFile), t.Data.Server.DataDir)
	case isStream:
		p.Done = streamed.Plain
	default:
		p.Done = written(t.Data.Work)
	}
	p.cap()
	return p, true
}

// cap keeps a measure that also counts what was not foreseen, such as the redo
// log, from telling of an end before the end.
func (p *Progress) cap() { p.Done = min(p.Done, p.Total*99/100) }

// written returns the bytes that the data files below a folder take.
func written(folder string) int64 {
	var sum int64
	_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "ib_logfile") || entry.Name() == "xtrabackup_logfile" {
			return nil // what goes away meanwhile counts no more
		}
		if info, err := entry.Info(); err == nil {
			sum += int64(allocated(info))
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
	f, err := os.Open(output)
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
			sum += int64(allocated(info))
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

// prepareProgress tells how far the tool is with the redo log of a full
// backup; log sequence numbers count bytes.
func (h *Host) prepareProgress(t Task, folder string) (Progress, bool) {
	c, err := readCheckpoints(h.BackupFolder(t.Args.IDList[0]))
	if err != nil || c.LastLSN <= c.ToLSN {
		return Progress{}, false
	}
	p := Progress{Total: int64(c.LastLSN - c.ToLSN)}
	text, err := os.ReadFile(filepath.Join(folder, outputFile))
	if err != nil {
		return p, false
	}
	if all := redoRead.FindAllSubmatch(text, -1); all != nil {
		if lsn, err := strconv.ParseUint(string(all[len(all)-1][1]), 10, 64); err == nil && lsn > c.ToLSN {
			p.Done = int64(lsn - c.ToLSN)
		}
	}
	p.cap()
	return p, true
}

// applyProgress tells how far the tool is with an incremental: it removes each
// changed part it has applied.
func (h *Host) applyProgress(t Task, _ string) (Progress, bool) {
	id := t.Args.IDList[t.Data.Applied]
	l := Link{Folder: h.BackupFolder(id), Manifest: h.manifestOrNil(id)}
	if l.Manifest == nil || t.Data.Placement == nil {
		return Progress{}, false
	}
	c, err := l.content()
	if err != nil {
		return Progress{}, false
	}
	var p Progress
	for _, f := range c.files {
		f = f.restored()
		if filepath.Ext(f.Path) != ".delta" {
			continue
		}
		p.Total += f.Size
		if there, err := exists(filepath.Join(t.Data.Placement.link(t.Data.Applied), f.Path)); err == nil && !there {
			p.Done += f.Size
		}
	}
	p.cap()
	return p, p.Total > 0
}

// unpackProgress tells how much of a stored stream has been read.
func (h *Host) unpackProgress(t Task, folder string) (Progress, bool) {
	_, l, err := h.nextStream(t)
	if err != nil {
		return Progress{}, false
	}
	p, told := ReadProgress(folder)
	total := l.Manifest.Stream.StoredSize
	return Progress{Done: min(p.Stored, total), Total: total}, told
}
