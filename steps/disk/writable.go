package disk

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// checkWritable refuses a folder in which nothing can be made. Of the process
// itself it asks: the same user may do more outside the limits of a unit.
func CheckWritable(key, folder string) error {
	err := unix.Access(folder, unix.W_OK|unix.X_OK)
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s (%s) cannot be written to: %w", key, folder, WriteAdvice(err))
}

// writeAdvice says what to do about a folder that cannot be written to.
func WriteAdvice(err error) error {
	switch {
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%w: mount it to be written to; under systemd, also name it in ReadWritePaths= by systemctl edit dbcalm-db-cmd", err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: give it to the user that the daemon runs as, or run the daemon as root", err)
	}
	return err
}
