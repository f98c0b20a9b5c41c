package digest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// Packing says that files are to be compressed as well, beside the folder that is
// watched.
type Packing struct {
	// Folder holds the compressed files, under numbers for names. It is made where
	// it is missing, and must be on the same file system.
	Folder string `json:"folder"`
	// Compression and Level are as in stream.PackFile.
	Compression stream.Compression `json:"compression"`
	Level       int                `json:"level,omitempty"`
}

// Pack is a file as it was compressed, and then uncompressed again to see that it
// can be.
type Pack struct {
	disk.Version
	// Name is the file's below Packing.Folder.
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// pack compresses an open file and returns its digest by the way.
func (w *Watcher) pack(source io.Reader) (plain stream.Sum, data int64, p *Pack, err error) {
	p = &Pack{Name: fmt.Sprint(w.packs.Add(1))}
	target, err := disk.Create(w.packing.Folder, p.Name, 0o640)
	if err != nil {
		return plain, 0, nil, err
	}
	defer target.Close()
	stored, plain, err := stream.PackFile(&disk.EagerFile{File: target}, source, w.packing.Compression, w.packing.Level)
	if err != nil {
		return plain, 0, p, err
	}
	info, err := target.Stat()
	if err != nil {
		return plain, 0, p, err
	}
	// Nobody else writes to this folder, so that no tick has to be waited for.
	p.Version, _ = disk.VersionOf(info)
	p.SHA256 = stored.SHA256
	data, err = w.unpack(p, stored, plain)
	return plain, data, p, err
}

// unpack proves a compressed file, and returns how many bytes of what is in it are
// no holes.
func (w *Watcher) unpack(p *Pack, stored, plain stream.Sum) (int64, error) {
	packed, err := disk.OpenRegular(w.packing.Folder, p.Name)
	if err != nil {
		return 0, err
	}
	defer packed.Close()
	var data disk.DataCounter
	again, content, err := stream.UnpackFile(&data, givable{packed, w}, w.packing.Compression)
	if err == nil && (again != stored || content != plain) {
		err = fmt.Errorf("%s is not what was compressed", filepath.Join(w.packing.Folder, p.Name))
	}
	return data.Data, err
}

// discard removes a compressed file that is of no use.
func (w *Watcher) discard(p *Pack) {
	if p != nil {
		_ = os.Remove(filepath.Join(w.packing.Folder, p.Name))
	}
}
