package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/stream"
)

// proveStreamBackup checks that what came through the pipe is what the backup was
// asked for, and that the files beside the stream say the same.
func (h *Host) proveStreamBackup(t Task) (Checkpoints, error) {
	contents, err := provenContents(t)
	if err != nil {
		return Checkpoints{}, err
	}
	base, err := h.baseCheckpoints(t)
	if err != nil {
		return Checkpoints{}, err
	}
	c, err := proveContents(contents, base)
	if err != nil {
		return c, err
	}
	return c, keepBeside(t.Data.Work, contents, c)
}

// provenContents returns what the stream holds, once it is known to have come.
func provenContents(t Task) (stream.Contents, error) {
	r, form := t.Data.Stream, t.form()
	if r == nil || r.StoredSize == 0 || r.PlainSize == 0 || r.SHA256 == "" {
		return stream.Contents{}, errors.New("no stream came from it")
	}
	if !form.Forward {
		info, err := os.Stat(filepath.Join(t.Data.Work, form.streamName(t.Args.ID)))
		if err != nil {
			return stream.Contents{}, fmt.Errorf("the stored stream cannot be read: %w", err)
		}
		if info.Size() != r.StoredSize {
			return stream.Contents{}, fmt.Errorf("the stored stream has %d bytes, of %d that came", info.Size(), r.StoredSize)
		}
	}
	return readContents(t.Data.Work, t.Args.ID)
}

// readContents reads what a stream holds from the file beside it.
func readContents(folder, id string) (stream.Contents, error) {
	var contents stream.Contents
	if err := readJSON(filepath.Join(folder, contentsName(id)), &contents); err != nil {
		return contents, fmt.Errorf("read the contents of the stream: %w", err)
	}
	if len(contents.Files) == 0 {
		return contents, fmt.Errorf("read the contents of the stream: %s lists no file", contentsName(id))
	}
	return contents, nil
}

// proveContents is to a stream what proveBackup is to a folder.
func proveContents(contents stream.Contents, base *Checkpoints) (Checkpoints, error) {
	values, err := streamedMetadata(contents, checkpointsNames)
	if err != nil {
		return Checkpoints{}, err
	}
	c, err := parseCheckpoints(values)
	if err != nil {
		return c, err
	}
	for _, names := range [][]string{infoNames, optionsNames} {
		if _, err := streamedMetadata(contents, names); err != nil {
			return c, err
		}
	}
	if err := c.prove(base); err != nil || base == nil {
		return c, err
	}
	renamed := map[string]string{}
	for name, to := range contents.Small {
		if from, marked := strings.CutSuffix(name, markRenamed); marked {
			renamed[from] = strings.TrimSpace(to)
		}
	}
	return c, noExchange(renamed)
}

func streamedMetadata(contents stream.Contents, names []string) (map[string]string, error) {
	for _, name := range names {
		if text, found := contents.Small[name]; found {
			return parseMetadata(name+" in the stream", strings.NewReader(text))
		}
	}
	return nil, fmt.Errorf("read metadata: %s is missing in the stream", names[0])
}

// keepBeside sees to it that the files by which the next backup joins this one
// are there and hold what the stream does. The tool writes them too, and has
// been seen to report success with empty ones; and it gives two of their lines
// another value in the stream.
func keepBeside(folder string, contents stream.Contents, c Checkpoints) error {
	switch beside, err := readCheckpoints(folder); {
	case err == nil && beside != c:
		return fmt.Errorf("the tool wrote other LSNs beside the stream (%d to %d) than into it (%d to %d)", beside.FromLSN, beside.ToLSN, c.FromLSN, c.ToLSN)
	case err != nil:
		// Whatever it lacks is written now.
	}
	for _, name := range append(append([]string(nil), checkpointsNames...), infoNames...) {
		text, found := contents.Small[name]
		if !found {
			continue
		}
		there, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil && string(there) == text {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if err := writeDurably(filepath.Join(folder, name), []byte(text), 0o640); err != nil {
			return fmt.Errorf("%s could not be written beside the stream: %w%s", name, err, adviceFor(err.Error()))
		}
	}
	return nil
}
