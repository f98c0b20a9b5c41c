package storetest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/steps/tool"
)

// Streamed makes a stored backup one stream, as a backup leaves it; forwarded,
// it lies in the test's own folder, which $FORWARDED names.
func (k *Kit) Streamed(id string, c stream.Compression, forwarded bool) *store.Manifest {
	k.T.Helper()
	folder := k.Backups.Folder(id)
	m, err := store.ReadManifest(folder)
	k.Must(err)
	files := testkit.Tree(k.T, folder)
	var plain, packed bytes.Buffer
	slices.SortFunc(m.Files, func(a, b store.ManifestFile) int { return streamRank(a.Path) - streamRank(b.Path) })
	for _, f := range m.Files {
		if len(files[f.Path]) > 0 {
			plain.Write(testkit.Chunk('P', f.Path, 0, []byte(files[f.Path])))
		}
		plain.Write(testkit.Chunk('E', f.Path, 0, nil))
	}
	r, err := stream.Pack(&packed, &plain, c, 0, nil)
	k.Must(err)
	contents, err := json.Marshal(r.Contents)
	k.Must(err)
	k.Must(os.RemoveAll(folder))
	name := "backup-" + id + ".xbstream" + c.Suffix()
	testkit.Write(k.T, folder, map[string]string{"xtrabackup_checkpoints": files["xtrabackup_checkpoints"],
		"xtrabackup_info": files["xtrabackup_info"], store.ContentsName(id): string(contents)})
	if forwarded {
		testkit.Write(k.T, k.Forwarded(), map[string]string{name: packed.String()})
	} else {
		testkit.Write(k.T, folder, map[string]string{name: packed.String()})
	}
	operation, parent := m.Operation, m.ParentID
	m = k.WriteManifest(id, parent)
	m.Operation, m.PlainSize = operation, r.PlainSize
	m.Stream = &store.ManifestStream{File: name, Forwarded: forwarded, Compression: string(c),
		Stored: stream.Stored{PlainSize: r.PlainSize, StoredSize: r.StoredSize, SHA256: r.SHA256}}
	k.PutManifest(folder, m)
	return m
}

// Forwarded is where forwarded streams go.
func (k *Kit) Forwarded() string { return filepath.Join(k.Dir, "forwarded") }

// streamRank orders a stream's files as the tools do: xtrabackup_info last.
func streamRank(path string) int {
	if path == "xtrabackup_info" {
		return 1
	}
	return 0
}

// Compressed compresses the files of a stored backup one by one, but for
// metadata and marks, as a backup does.
func (k *Kit) Compressed(id string, c stream.Compression) *store.Manifest {
	k.T.Helper()
	folder := k.Backups.Folder(id)
	m, err := store.ReadManifest(folder)
	k.Must(err)
	for i, f := range m.Files {
		if testkit.Metadata("", "", "")[f.Path] != "" || slices.Contains([]string{tool.MarkDropped, tool.MarkRenamed}, filepath.Ext(f.Path)) {
			continue
		}
		path := filepath.Join(folder, f.Path)
		text, err := os.ReadFile(path)
		k.Must(err)
		var packed bytes.Buffer
		stored, plain, err := stream.PackFile(&packed, bytes.NewReader(text), c, 0)
		k.Must(err)
		k.Must(os.Remove(path))
		testkit.Write(k.T, folder, map[string]string{f.Path + c.Suffix(): packed.String()})
		m.Files[i] = store.ManifestFile{Path: f.Path + c.Suffix(), Size: stored.Size, SHA256: stored.SHA256,
			Plain: &store.ManifestFile{Path: f.Path, Size: plain.Size, SHA256: plain.SHA256}}
	}
	m.PlainSize, m.Compression = m.Size, string(c)
	k.PutManifest(folder, m)
	return m
}

// Forms are the ways in which a backup can be stored.
var Forms = map[string]func(k *Kit, id string){
	"directory":        func(*Kit, string) {},
	"zstd directory":   func(k *Kit, id string) { k.Compressed(id, stream.Zstd) },
	"gzip directory":   func(k *Kit, id string) { k.Compressed(id, stream.Gzip) },
	"stream":           func(k *Kit, id string) { k.Streamed(id, stream.None, false) },
	"zstd stream":      func(k *Kit, id string) { k.Streamed(id, stream.Zstd, false) },
	"gzip stream":      func(k *Kit, id string) { k.Streamed(id, stream.Gzip, false) },
	"forwarded stream": func(k *Kit, id string) { k.Streamed(id, stream.Zstd, true) },
}
