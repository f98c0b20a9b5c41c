package screen

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// IsTerminal reports whether what is written goes to a terminal.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}
