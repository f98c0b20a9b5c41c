package mariadbtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// blockSize is what an image keeps or leaves out at a time.
const blockSize = 16 << 10

// image is a data directory as the install program makes it, kept in memory:
// writing it out takes a twentieth of making it anew. Of some 50 MB all but 6
// are zeros, which become holes.
type image []imageFile

// imageFile is a folder or a file of an image.
type imageFile struct {
	name   string
	mode   fs.FileMode
	size   int64
	blocks []block
}

// block is a part of a file that is not zeros.
type block struct {
	offset int64
	bytes  []byte
}

// readImage reads a folder with all that is below it.
func readImage(dir string) (image, error) {
	var all image
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		file := imageFile{name: name, mode: info.Mode()}
		switch {
		case info.Mode().IsRegular():
			file.size = info.Size()
			file.blocks, err = readBlocks(path)
		case !info.IsDir():
			err = fmt.Errorf("%s is neither file nor folder", path)
		}
		all = append(all, file)
		return err
	})
	return all, err
}

func readBlocks(path string) ([]block, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var blocks []block
	zeros, buffer := make([]byte, blockSize), make([]byte, blockSize)
	for offset := int64(0); ; {
		n, err := io.ReadFull(f, buffer)
		if !bytes.Equal(buffer[:n], zeros[:n]) {
			blocks = append(blocks, block{offset, bytes.Clone(buffer[:n])})
		}
		offset += int64(n)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return blocks, nil
		case err != nil:
			return nil, err
		}
	}
}

// write makes a folder of the image.
func (i image) write(dir string) error {
	for _, file := range i {
		path := filepath.Join(dir, file.name)
		var err error
		if file.mode.IsDir() {
			err = os.Mkdir(path, 0o700)
		} else {
			err = file.write(path)
		}
		// The mode of what is made depends on the umask.
		if err = errors.Join(err, os.Chmod(path, file.mode.Perm())); err != nil {
			return err
		}
	}
	return nil
}

func (f imageFile) write(path string) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for _, b := range f.blocks {
		if _, err := out.WriteAt(b.bytes, b.offset); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	return errors.Join(out.Truncate(f.size), out.Close())
}
