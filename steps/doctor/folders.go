package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// folders looks at the folders that the daemon keeps, and at the one it backs
// up.
func (d *doctor) folders() {
	ids := make([]string, len(d.Records.Backups))
	for i, b := range d.Records.Backups {
		ids[i] = b.ID
	}
	if d.usable("backup_dir", "backup_dir") {
		err := d.written("backup_dir", d.Store.BackupDir)
		if err == nil {
			err = d.Store.CheckStore(ids)
		}
		d.look("backup_dir", err, d.found(d.Store.BackupDir))
	}
	if d.usable("state_dir", "state_dir") {
		d.look("state_dir", d.roomy("state_dir", d.Jobs.StateDir), d.found(d.Jobs.StateDir))
	}
	if folder := filepath.Dir(d.DatabasePath); d.usable("database_path", "database_path") {
		d.look("database_path", d.roomy("the folder of database_path", folder), d.found(folder))
	}
	if !d.usable("data_dir", "data_dir") {
		return
	}
	there, err := disk.Exists(d.Server.DataDir)
	var data server.Sizes
	switch {
	case err == nil && !there:
		err = fmt.Errorf("%s is not there: correct data_dir, or create it, owned by the user the server runs as", d.Server.DataDir)
	case err == nil:
		data, err = server.DataSize(d.Server.DataDir)
	}
	if d.look("data_dir", err, fmt.Sprintf("%s, %s of data", d.found(d.Server.DataDir), data.Total)) {
		d.data = &data
	}
	d.backupRoom()
}

// backupRoom compares what is free with what a full backup takes.
func (d *doctor) backupRoom() {
	switch {
	case d.Wrong["backup_dir"]:
		return
	case d.data == nil || d.data.Total.Allocated == 0:
		d.add(steps.NotChecked("room", "the size of the data is not known"))
		return
	}
	form := d.ChooseForm(steps.Task{Events: []string{steps.EventStream}})
	d.plan.Room(disk.Existing(d.Store.BackupDir), form.Room(d.data.Total, d.data.Largest), "a full backup")
}

// written refuses a folder that the daemon could not write to, or one that is
// missing where it could not make it.
func (d *doctor) written(key, folder string) error {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		folder = disk.Existing(folder)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s (%s) is no folder: move away what is there, or correct the configuration", key, folder)
	}
	// This process may not; that is known for certain, so it is no lack of rights
	// to look.
	if err := disk.CheckWritable(key, folder); err != nil {
		return errors.New(err.Error())
	}
	if d.DaemonPID == 0 {
		return nil
	}
	// As the daemon sees it: its unit may have made it read-only.
	seen := filepath.Join("/proc", fmt.Sprint(d.DaemonPID), "root", folder)
	if err := unix.Access(seen, unix.W_OK|unix.X_OK); errors.Is(err, unix.EROFS) {
		return fmt.Errorf("%s (%s) cannot be written to by the daemon: %w", key, folder, disk.WriteAdvice(err))
	}
	return nil
}

// roomy refuses a folder on a disk that is all but full, too.
func (d *doctor) roomy(key, folder string) error {
	if err := d.written(key, folder); err != nil {
		return err
	}
	free, err := disk.FreeSpace(disk.Existing(folder))
	if err == nil && free < disk.MarginBytes {
		err = fmt.Errorf("only %s are free on the file system of %s: free space there, or no operation can be recorded",
			disk.HumanBytes(free), folder)
	}
	return err
}

// found describes a folder.
func (d *doctor) found(folder string) string {
	info, err := os.Stat(folder)
	if err != nil {
		return folder + " is not there yet; the daemon makes it when it needs it"
	}
	text := folder + ": " + disk.Ownership(info)
	if free, err := disk.FreeSpace(folder); err == nil {
		text += ", " + disk.HumanBytes(free) + " free"
	}
	return text
}
