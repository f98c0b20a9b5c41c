package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// ReadContents reads what a stream holds from the file beside it.
func ReadContents(folder, id string) (stream.Contents, error) {
	var contents stream.Contents
	if err := readContents(folder, id, &contents); err != nil {
		return contents, fmt.Errorf("read the contents of the stream: %w", err)
	}
	if len(contents.Files) == 0 {
		return contents, fmt.Errorf("read the contents of the stream: %s lists no file", ContentsName(id))
	}
	return contents, nil
}

// ProveContents is to a stream what proveBackup is to a folder.
func ProveContents(contents stream.Contents, base *tool.Checkpoints) (tool.Checkpoints, error) {
	values, err := streamedMetadata(contents, tool.CheckpointsNames)
	if err != nil {
		return tool.Checkpoints{}, err
	}
	c, err := tool.ParseCheckpoints(values)
	if err != nil {
		return c, err
	}
	for _, names := range [][]string{tool.InfoNames, tool.OptionsNames} {
		if _, err := streamedMetadata(contents, names); err != nil {
			return c, err
		}
	}
	if err := c.Prove(base); err != nil || base == nil {
		return c, err
	}
	renamed := map[string]string{}
	for name, to := range contents.Small {
		if from, marked := strings.CutSuffix(name, tool.MarkRenamed); marked {
			renamed[from] = strings.TrimSpace(to)
		}
	}
	return c, tool.NoExchange(renamed)
}

func streamedMetadata(contents stream.Contents, names []string) (map[string]string, error) {
	for _, name := range names {
		if text, found := contents.Small[name]; found {
			return tool.ParseMetadata(name+" in the stream", strings.NewReader(text))
		}
	}
	return nil, fmt.Errorf("read metadata: %s is missing in the stream", names[0])
}

// KeepBeside sees to it that the files by which the next backup joins this one
// are there and hold what the stream does. The tool writes them too, and has
// been seen to report success with empty ones; and it gives two of their lines
// another value in the stream.
func KeepBeside(folder string, contents stream.Contents, c tool.Checkpoints) error {
	switch beside, err := tool.ReadCheckpoints(folder); {
	case err == nil && beside != c:
		return fmt.Errorf("the tool wrote other LSNs beside the stream (%d to %d) than into it (%d to %d)",
			beside.FromLSN, beside.ToLSN, c.FromLSN, c.ToLSN)
	case err != nil:
		// Whatever it lacks is written now.
	}
	for _, name := range append(append([]string(nil), tool.CheckpointsNames...), tool.InfoNames...) {
		text, found := contents.Small[name]
		if !found {
			continue
		}
		there, err := disk.ReadSmall(folder, name, tool.MaxMetadata)
		if err == nil && string(there) == text {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if err := disk.WriteDurably(filepath.Join(folder, name), []byte(text), 0o640); err != nil {
			return fmt.Errorf("%s could not be written beside the stream: %w%s", name, err, tool.Advice(err.Error()))
		}
	}
	return nil
}

// maxContents is how large the list of what a stream holds can be, in bytes:
// about a hundred for each of some million files, and the small files.
const maxContents = 512 << 20

// readContents reads the list beside a stream, which is as much as the
// manifest to be believed.
func readContents(folder, id string, into *stream.Contents) error {
	name := ContentsName(id)
	if err := disk.ReadJSON(filepath.Join(folder, name), maxContents, into); err != nil {
		return err
	}
	files := make([]ManifestFile, len(into.Files))
	for i, f := range into.Files {
		files[i] = ManifestFile{Path: filepath.Clean(f.Path), Size: f.Size}
	}
	if err := checkTree(nil, files); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
