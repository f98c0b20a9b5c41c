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
)

// seal makes the backup durable and writes the manifest, last.
func (h *Host) seal(ctx context.Context, t Task) (Outcome, error) {
	// An earlier try may have died while it wrote one of these; what it left must
	// not be taken for a part of the backup.
	leftovers := []string{ManifestName}
	for _, name := range slices.Concat([]string{ManifestName}, checkpointsNames, infoNames) {
		leftovers = append(leftovers, name+temporarySuffix)
	}
	for _, name := range leftovers {
		if err := os.Remove(filepath.Join(t.Data.Work, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Outcome{}, fmt.Errorf("seal backup: %w", err)
		}
	}
	m, err := h.describe(ctx, t)
	if err != nil {
		return Outcome{}, err
	}
	if err := h.checkBaseStayed(t); err != nil {
		return Outcome{}, err
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return Outcome{}, fmt.Errorf("write manifest: %w", err)
	}
	crashpoint.Here("seal-before-manifest")
	if err := writeDurably(filepath.Join(t.Data.Work, ManifestName), append(text, '\n'), 0o640); err != nil {
		return Outcome{}, fmt.Errorf("write manifest: %w", err)
	}
	return ok(t, fmt.Sprintf("%d files, %s, hashed and on disk", len(m.Files), humanBytes(uint64(m.Size)))), nil
}

// describe proves the backup once more, puts its files onto the disk and
// returns its manifest.
func (h *Host) describe(ctx context.Context, t Task) (m Manifest, err error) {
	m = Manifest{
		Format: plainFormat, ID: t.Args.ID, ParentID: t.Args.FromBackupID, ParentOperation: t.Data.BaseOperation, Kind: "full", Operation: t.Operation,
		Tool: *t.Data.Tool, Server: *t.Data.Server, StartTime: t.Data.CopyStarted, ScheduleID: t.Args.ScheduleID,
	}
	if m.ParentID != "" {
		m.Kind = "incremental"
	}
	var c Checkpoints
	var command JobSpec
	switch form := t.form(); {
	case form.Stream:
		m.Format = packedFormat
		c, command, err = h.describeStream(ctx, t, &m)
	case form.Compression != "":
		m.Format, m.Compression = packedFormat, form.Compression
		c, command, err = h.describeFolder(ctx, t, &m, describePacked(form.Compression))
	default:
		c, command, err = h.describeFolder(ctx, t, &m, describeFile)
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
	if m.Format == packedFormat {
		m.PlainSize = plain
	}
	return m, nil
}

// describeFolder describes the tool's files, compressed or not.
func (h *Host) describeFolder(ctx context.Context, t Task, m *Manifest, describe describer) (c Checkpoints, command JobSpec, err error) {
	if c, err = h.proveWork(t); err != nil {
		return c, command, err
	}
	if m.Files, m.Folders, err = sealTree(ctx, t.Data.Work, h.Parallel, describe); err != nil {
		return c, command, err
	}
	command, err = h.copyJob(ctx, t)
	return c, command, err
}

// describeStream describes the stream and the files beside it. The stream has
// been hashed on its way.
func (h *Host) describeStream(ctx context.Context, t Task, m *Manifest) (c Checkpoints, command JobSpec, err error) {
	if c, err = h.proveStreamBackup(t); err != nil {
		return c, command, err
	}
	form := t.form()
	m.Stream = &ManifestStream{File: form.streamName(t.Args.ID), Forwarded: form.Forward, Compression: form.Compression, StreamResult: *t.Data.Stream}
	contents, err := readContents(t.Data.Work, t.Args.ID)
	if err != nil {
		return c, command, err
	}
	for _, f := range contents.Files {
		m.PlainSize += f.Size
	}
	m.Files, m.Folders, err = sealTree(ctx, t.Data.Work, h.Parallel, func(ctx context.Context, path string, f *ManifestFile) error {
		if f.Path != m.Stream.File {
			return describeFile(ctx, path, f)
		}
		f.SHA256 = m.Stream.SHA256
		advance(ctx, int(f.Size))
		return syncFile(path)
	})
	if err != nil {
		return c, command, err
	}
	command, err = h.streamSpec(t)
	return c, command, err
}
