package steps

import "fmt"

// CheckPrograms refuses an operation's data if it names a program that the
// configuration does not: what is run comes from there, never from a row.
func (h *Host) CheckPrograms(d Data) error {
	if d.Tool != nil {
		path, err := h.BackupBin, error(nil)
		if path == "" {
			path, err = findTool(h.DBType)
		}
		if err := sameProgram("backup tool", d.Tool.Path, path, err); err != nil {
			return err
		}
	}
	if d.Unpacker != "" && d.Tool != nil {
		path, err := h.findUnpacker(*d.Tool)
		if err := sameProgram("unpacker", d.Unpacker, path, err); err != nil {
			return err
		}
	}
	if d.ServerProgram != nil {
		path, err := h.ServerBin, error(nil)
		if path == "" {
			path, err = FindServer(h.DBType)
		}
		return sameProgram("server's program", d.ServerProgram.Path, path, err)
	}
	return nil
}

func sameProgram(about, began, now string, err error) error {
	if err != nil {
		return fmt.Errorf("find the %s again: %w", about, err)
	}
	if began != now {
		return fmt.Errorf("the operation began with the %s %s, and the configuration now names %s: give the command again", about, began, now)
	}
	return nil
}
