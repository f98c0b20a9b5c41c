package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/inventory"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// seal makes the backup durable and writes the manifest, last.
func (s backupSteps) seal(ctx context.Context, t Task) (Outcome, error) {
	// An earlier try may have died while it wrote one of these; what it left must
	// not be taken for a part of the backup.
	leftovers := []string{store.ManifestName}
	for _, name := range slices.Concat([]string{store.ManifestName}, tool.CheckpointsNames, tool.InfoNames) {
		leftovers = append(leftovers, name+disk.TemporarySuffix)
	}
	for _, name := range leftovers {
		if err := os.Remove(filepath.Join(t.Data.Work, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Outcome{}, fmt.Errorf("seal backup: %w", err)
		}
	}
	m, err := s.describe(ctx, t)
	if err != nil {
		return Outcome{}, err
	}
	if err := s.checkBaseStayed(t); err != nil {
		return Outcome{}, err
	}
	var unknown string
	if m.Binlog, err = tool.ReadBinlog(t.Data.Work); err != nil {
		// The backup is none the worse: it is restored without it.
		m.Binlog, unknown = nil, "; where the binary log was is not known: "+err.Error()
	} else if m.Binlog == nil && m.Server.Binlog {
		unknown = "; where the binary log was is not known: the tool did not tell"
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return Outcome{}, fmt.Errorf("write manifest: %w", err)
	}
	text = append(text, '\n')
	crashpoint.Here("seal-before-manifest")
	if err := disk.WriteDurably(filepath.Join(t.Data.Work, store.ManifestName), text, 0o640); err != nil {
		return Outcome{}, fmt.Errorf("write manifest: %w", err)
	}
	t.Data.Manifest = store.ManifestSum(text)
	// #nosec G115 -- a size is never negative
	return ok(t, fmt.Sprintf("%d files, %s, hashed and on disk", len(m.Files), disk.HumanBytes(uint64(m.Size)))+unknown), nil
}

// describe proves the backup once more, puts its files onto the disk and
// returns its manifest.
func (s backupSteps) describe(ctx context.Context, t Task) (m store.Manifest, err error) {
	m = store.Manifest{
		Format: store.PlainFormat, ID: t.Args.ID, ParentID: t.Args.FromBackupID, ParentOperation: t.Data.BaseOperation,
		Kind: "full", Operation: t.Operation,
		Tool: *t.Data.Tool, Server: *t.Data.Server, StartTime: t.Data.CopyStarted, ScheduleID: t.Args.ScheduleID,
	}
	if m.ParentID != "" {
		m.Kind = "incremental"
	}
	if t.Data.Before != "" {
		var after inventory.After
		if err := disk.ReadJSON(store.AfterFile(t.Data.Work), store.MaxManifest, &after); err != nil {
			return m, fmt.Errorf("read which tablespaces the server had: %w", err)
		}
		m.Tablespaces, m.Broken = after.Tablespaces, after.Broken
	}
	var c tool.Checkpoints
	var command job.Spec
	switch form := t.form(); {
	case form.Stream:
		m.Format = store.PackedFormat
		c, command, err = s.describeStream(ctx, t, &m)
	case form.Compression != "":
		m.Format, m.Compression = store.PackedFormat, form.Compression
		c, command, err = s.describeFolder(ctx, t, &m, store.DescribePacked(t.Data.Work, form.Compression, t.Data.Unpackable))
	default:
		c, command, err = s.describeFolder(ctx, t, &m, store.DescribeHashed(t.Data.Work))
	}
	if err != nil {
		return m, err
	}
	m.FromLSN, m.ToLSN, m.LastLSN = c.FromLSN, c.ToLSN, c.LastLSN
	m.Options, m.EndTime = command.Line(), time.Now().UTC()
	plain := m.PlainSize
	for _, f := range m.Files {
		m.Size += f.Size
		if m.Stream == nil && f.Plain != nil {
			plain += f.Plain.Size
		} else if m.Stream == nil {
			plain += f.Size
		}
	}
	if m.Stream != nil && m.Stream.Forwarded {
		m.Size += m.Stream.StoredSize
	}
	if m.Format == store.PackedFormat {
		m.PlainSize = plain
	}
	if m.Stream == nil {
		m.NoteAllocated(m.Files)
	}
	return m, nil
}

// describeFolder describes the tool's files, compressed or not.
func (s backupSteps) describeFolder(
	ctx context.Context, t Task, m *store.Manifest, describe store.Describer,
) (c tool.Checkpoints, command job.Spec, err error) {
	if c, err = s.proveWork(t); err != nil {
		return c, command, err
	}
	if m.Files, m.Folders, err = store.SealTree(ctx, t.Data.Work, s.Tool.Parallel, describe); err != nil {
		return c, command, err
	}
	command, err = s.copyJob(ctx, t)
	return c, command, err
}

// describeStream describes the stream and the files beside it. The stream has
// been hashed on its way.
func (s backupSteps) describeStream(ctx context.Context, t Task, m *store.Manifest) (c tool.Checkpoints, command job.Spec, err error) {
	if c, err = s.proveStreamBackup(t); err != nil {
		return c, command, err
	}
	form := t.form()
	m.Stream = &store.ManifestStream{File: form.StreamName(t.Args.ID), Forwarded: form.Forward, Compression: form.Compression,
		Stored: *t.Data.Stream}
	contents, err := store.ReadContents(t.Data.Work, t.Args.ID)
	if err != nil {
		return c, command, err
	}
	files := store.StreamedFiles(contents, t.Data.Server.DataDir)
	m.PlainSize = store.SizeOf(files)
	m.NoteAllocated(files)
	describeFile := func(ctx context.Context, path string, f *store.ManifestFile) error {
		if f.Path != m.Stream.File {
			return store.DescribeFile(ctx, path, f)
		}
		f.SHA256 = m.Stream.SHA256
		disk.Advance(ctx, int(f.Size))
		return disk.SyncFile(path)
	}
	if m.Files, m.Folders, err = store.SealTree(ctx, t.Data.Work, s.Tool.Parallel, describeFile); err != nil {
		return c, command, err
	}
	command, err = s.streamSpec(t)
	return c, command, err
}
