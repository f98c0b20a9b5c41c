package tool

import (
	"fmt"
	"path/filepath"
	"strconv"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
)

// Base is what an incremental backup stands on: the folder of the zero value's
// is empty, and the backup a full one.
type Base struct {
	Folder string
	// ToLSN is where it ends.
	ToLSN uint64
}

// BackupCommand returns the tool's command line for a backup into target.
func (t *Tool) BackupCommand(tool Info, c server.Credentials, rights *job.Rights, dataDir, target string, base Base) job.Spec {
	args := append(t.Server.ConnectOptions(c), "--backup", "--target-dir="+target, "--datadir="+dataDir)
	switch {
	case base.Folder == "":
	case rights != nil:
		// The store is not opened to the tool's user. All that the tool reads of the
		// base is this number.
		args = append(args, "--incremental-lsn="+strconv.FormatUint(base.ToLSN, 10))
	default:
		args = append(args, tool.option("incremental-basedir")+"="+base.Folder)
	}
	args = append(append(args, "--parallel="+strconv.Itoa(t.Parallel)), t.Args...)
	return job.Spec{Path: tool.Path, Args: args, Dir: "/", Output: target, Rights: rights, Grace: job.StopGrace}
}

// StreamCommand is BackupCommand for a backup that comes through the tool's
// standard output. The tool puts nothing into target but the files by which
// the next incremental finds out where to begin.
func (t *Tool) StreamCommand(tool Info, c server.Credentials, rights *job.Rights, dataDir, target string, base Base) job.Spec {
	spec := t.BackupCommand(tool, c, rights, dataDir, target, base)
	spec.Args = append(spec.Args, "--stream=xbstream", "--extra-lsndir="+target)
	return spec
}

// PrepareCommand returns the command line that prepares a full backup. More
// says that incrementals follow: xtrabackup must then be told to leave the
// last transactions open, which mariabackup does by itself.
func (t *Tool) PrepareCommand(tool Info, target string, more bool) job.Spec {
	args := t.prepareOptions(target)
	if more && tool.Name == "xtrabackup" {
		args = append(args, tool.option("apply-log-only"))
	}
	return job.Spec{Path: tool.Path, Args: append(args, "--target-dir="+target), Dir: "/", Output: target, Grace: job.StopGrace}
}

// ApplyCommand returns the command line that applies an incremental, a private
// copy, to a prepared target.
func (t *Tool) ApplyCommand(tool Info, target, incremental string, more bool) job.Spec {
	args := t.prepareOptions(target)
	if more && tool.Name == "xtrabackup" {
		args = append(args, tool.option("apply-log-only"))
	}
	args = append(args, "--target-dir="+target, tool.option("incremental-dir")+"="+incremental)
	return job.Spec{Path: tool.Path, Args: args, Dir: "/", Output: target, Grace: job.StopGrace}
}

// UnpackCommand returns the command line that unpacks the stream on standard
// input into a folder, which must be empty: an unpacker keeps what it finds.
func (t *Tool) UnpackCommand(tool Info, unpacker, folder string) job.Spec {
	args := []string{"-x", "-C", folder}
	// Only the one's short option is the other's long one.
	switch threads := strconv.Itoa(t.Parallel); {
	case tool.Name != "xtrabackup":
		args = append(args, "-p", threads)
	case tool.unpacksInParallel(unpacker):
		args = append(args, "--parallel="+threads)
	}
	return job.Spec{Path: unpacker, Args: args, Dir: "/", Output: folder, Empty: true, Grace: job.StopGrace}
}

// prepareOptions begin the command lines that need no server. The backup holds
// the settings its files were made with, the size of their pages for one:
// without them the tool guesses, and an option file of the machine would give
// it another server's. Told of this file alone, it reads no other.
func (t *Tool) prepareOptions(target string) []string {
	options := []string{"--defaults-file=" + filepath.Join(target, "backup-my.cnf"), "--prepare", fmt.Sprintf("--use-memory=%d", t.UseMemory)}
	return append(options, t.prepareArgs()...)
}
