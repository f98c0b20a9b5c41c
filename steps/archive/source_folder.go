package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// Folder is a Source: the files where the server itself writes them. The server
// need not run.
type Folder struct {
	// Path is the folder of the log's files, Index the file that lists them.
	Path, Index string
	// Owner is the user who runs the server. What is another's is not opened: where
	// the files lie is only the server's word.
	Owner int
}

// maxIndex is how large a list of files can be.
const maxIndex = 16 << 20

// Files reads the server's list.
func (f Folder) Files(context.Context) ([]string, error) {
	text, err := disk.ReadSmall(filepath.Dir(f.Index), filepath.Base(f.Index), maxIndex)
	if err != nil {
		return nil, fmt.Errorf("read the list of binary logs: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		// A list whose last line has no end is being written.
		if name, whole := strings.CutSuffix(line, "\n"); whole && name != "" {
			names = append(names, filepath.Base(name))
		}
	}
	return names, nil
}

// Open opens a file of the list.
func (f Folder) Open(_ context.Context, name string) (File, error) {
	file, err := disk.OpenRegular(f.Path, name)
	if err != nil {
		return nil, fmt.Errorf("open binary log: %w", err)
	}
	info, err := file.Stat()
	if err == nil && disk.OwnerOf(info) != f.Owner {
		err = fmt.Errorf("open binary log %s: %w: it belongs to %s, and the data directory to %s",
			file.Name(), disk.ErrRefused, disk.UserName(disk.OwnerOf(info)), disk.UserName(f.Owner))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return folderFile{file}, nil
}

type folderFile struct{ *os.File }

func (f folderFile) Gone() bool {
	there, err := os.Lstat(f.Name())
	if err != nil {
		return true
	}
	own, err := f.Stat()
	return err != nil || !os.SameFile(there, own)
}
