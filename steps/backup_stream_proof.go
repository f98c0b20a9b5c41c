package steps

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/tool"
)

// proveStreamBackup checks that what came through the pipe is what the backup was
// asked for, and that the files beside the stream say the same.
func (s backupSteps) proveStreamBackup(t Task) (tool.Checkpoints, error) {
	contents, err := provenContents(t)
	if err != nil {
		return tool.Checkpoints{}, err
	}
	base, err := s.baseCheckpoints(t)
	if err != nil {
		return tool.Checkpoints{}, err
	}
	c, err := store.ProveContents(contents, base)
	if err != nil {
		return c, err
	}
	return c, store.KeepBeside(t.Data.Work, contents, c)
}

// provenContents returns what the stream holds, once it is known to have come.
func provenContents(t Task) (stream.Contents, error) {
	r, form := t.Data.Stream, t.form()
	if r == nil || r.StoredSize == 0 || r.PlainSize == 0 || r.SHA256 == "" {
		return stream.Contents{}, errors.New("no stream came from it")
	}
	if !form.Forward {
		info, err := os.Stat(filepath.Join(t.Data.Work, form.StreamName(t.Args.ID)))
		if err != nil {
			return stream.Contents{}, fmt.Errorf("the stored stream cannot be read: %w", err)
		}
		if info.Size() != r.StoredSize {
			return stream.Contents{}, fmt.Errorf("the stored stream has %d bytes, of %d that came", info.Size(), r.StoredSize)
		}
	}
	return store.ReadContents(t.Data.Work, t.Args.ID)
}
