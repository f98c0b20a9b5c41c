package steps

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

// streamed makes a stored backup one stream, as a backup leaves it; forwarded,
// it lies in the test's own folder, which $FORWARDED names.
func (h *testHost) streamed(id string, c stream.Compression, forwarded bool) *Manifest {
	h.T.Helper()
	folder := h.BackupFolder(id)
	m, err := ReadManifest(folder)
	h.Must(err)
	files := testkit.Tree(h.T, folder)
	var plain, packed bytes.Buffer
	slices.SortFunc(m.Files, func(a, b ManifestFile) int { return streamRank(a.Path) - streamRank(b.Path) })
	for _, f := range m.Files {
		if len(files[f.Path]) > 0 {
			plain.Write(testkit.Chunk('P', f.Path, 0, []byte(files[f.Path])))
		}
		plain.Write(testkit.Chunk('E', f.Path, 0, nil))
	}
	r, err := stream.Pack(&packed, &plain, c, 0, nil)
	h.Must(err)
	contents, err := json.Marshal(r.Contents)
	h.Must(err)
	h.Must(os.RemoveAll(folder))
	name := "backup-" + id + ".xbstream" + c.Suffix()
	testkit.Write(h.T, folder, map[string]string{"xtrabackup_checkpoints": files["xtrabackup_checkpoints"], "xtrabackup_info": files["xtrabackup_info"], contentsName(id): string(contents)})
	if forwarded {
		testkit.Write(h.T, h.forwarded(), map[string]string{name: packed.String()})
	} else {
		testkit.Write(h.T, folder, map[string]string{name: packed.String()})
	}
	operation, parent := m.Operation, m.ParentID
	m = h.writeManifest(id, parent)
	m.Operation, m.PlainSize = operation, r.PlainSize
	m.Stream = &ManifestStream{File: name, Forwarded: forwarded, Compression: string(c),
		StreamResult: StreamResult{PlainSize: r.PlainSize, StoredSize: r.StoredSize, SHA256: r.SHA256}}
	h.putManifest(folder, m)
	return m
}

// forwarded is where forwarded streams go.
func (h *testHost) forwarded() string { return filepath.Join(h.Dir, "forwarded") }

// streamRank orders a stream's files as the tools do: xtrabackup_info last.
func streamRank(path string) int {
	if path == "xtrabackup_info" {
		return 1
	}
	return 0
}

// compressed compresses the files of a stored backup one by one, but for
// metadata and marks, as a backup does.
func (h *testHost) compressed(id string, c stream.Compression) *Manifest {
	h.T.Helper()
	folder := h.BackupFolder(id)
	m, err := ReadManifest(folder)
	h.Must(err)
	for i, f := range m.Files {
		if metadata("", "", "")[f.Path] != "" || slices.Contains([]string{markDropped, markRenamed}, filepath.Ext(f.Path)) {
			continue
		}
		path := filepath.Join(folder, f.Path)
		text, err := os.ReadFile(path)
		h.Must(err)
		var packed bytes.Buffer
		stored, plain, err := stream.PackFile(&packed, bytes.NewReader(text), c, 0)
		h.Must(err)
		h.Must(os.Remove(path))
		testkit.Write(h.T, folder, map[string]string{f.Path + c.Suffix(): packed.String()})
		m.Files[i] = ManifestFile{Path: f.Path + c.Suffix(), Size: stored.Size, SHA256: stored.SHA256,
			Plain: &ManifestFile{Path: f.Path, Size: plain.Size, SHA256: plain.SHA256}}
	}
	m.PlainSize, m.Compression = m.Size, string(c)
	h.putManifest(folder, m)
	return m
}

// unpacks does the task's unpacking to its end, as the machine does, and
// returns the last outcome.
func (h *testHost) unpacks(task Task) (Outcome, error) {
	h.T.Helper()
	for seq := int64(1); ; seq++ {
		spec, err := h.unpackJob(h.T.Context(), task)
		if err != nil {
			return Outcome{}, err
		}
		out, err := h.unpackFinish(h.T.Context(), task, h.runs(task.Operation, seq, spec))
		if err != nil || out.Event != EventMore {
			return out, err
		}
		task.Data = out.Data
	}
}

// runs runs a job to its end.
func (h *testHost) runs(operation string, seq int64, spec JobSpec) JobResult {
	h.T.Helper()
	folder := h.JobFolder(operation, seq)
	h.Must(h.CreateJob(folder, spec))
	job, err := h.Launch(folder)
	h.Must(err)
	defer job.Close()
	_, err = job.Release(h.T.Context(), spec.Shell)
	h.Must(err)
	ctx, cancel := context.WithTimeout(h.T.Context(), testkit.Patience)
	defer cancel()
	r, err := job.Wait(ctx)
	if err != nil {
		_ = job.Kill(context.Background())
		h.T.Fatal(err)
	}
	h.Must(h.RemoveJob(folder))
	return r
}

// forms are the ways in which a backup can be stored.
var forms = map[string]func(h *testHost, id string){
	"directory":        func(*testHost, string) {},
	"zstd directory":   func(h *testHost, id string) { h.compressed(id, stream.Zstd) },
	"gzip directory":   func(h *testHost, id string) { h.compressed(id, stream.Gzip) },
	"stream":           func(h *testHost, id string) { h.streamed(id, stream.None, false) },
	"zstd stream":      func(h *testHost, id string) { h.streamed(id, stream.Zstd, false) },
	"gzip stream":      func(h *testHost, id string) { h.streamed(id, stream.Gzip, false) },
	"forwarded stream": func(h *testHost, id string) { h.streamed(id, stream.Zstd, true) },
}

// packedLinks is a store with a chain of two, each stored in a form, and a
// host that can unpack them.
func packedLinks(t *testing.T, full, inc string) *testHost {
	t.Helper()
	h := twoLinks(t)
	h.Retrieve, h.StallTimeout = `cat "`+h.forwarded()+`/$DBCALM_FILE"`, testkit.Patience
	forms[full](h, "full")
	forms[inc](h, "inc")
	return h
}

// unpackTask is the restore of both of packedLinks.
func (h *testHost) unpackTask() Task {
	h.T.Helper()
	testkit.NeedsServer(h.T)
	t := h.restoreTask("full", "inc")
	t.Data.Tool = &mariabackup
	var err error
	t.Data.Unpacker, err = h.findUnpacker(mariabackup)
	h.Must(err)
	return t
}
