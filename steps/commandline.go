package steps

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"
)

// StopGrace is how long a tool may take to obey SIGINT; it needs milliseconds.
const StopGrace = 10 * time.Second

// connectOptions begin every command line that talks to the server. The two
// options about files must come first, in this order.
func (h *Host) connectOptions(c Credentials) []string {
	options := []string{"--defaults-file=" + h.CredentialsFile, "--defaults-group-suffix=-dbcalm"}
	if h.Host != "" && h.Host != "localhost" {
		return append(options, "--host="+h.Host)
	}
	if network, address := h.address(c); network == "unix" && c.Socket == "" {
		options = append(options, "--socket="+address)
	}
	return options
}

// backupCommand returns the tool's command line for a backup into target; base
// is the folder of the backup it stands on, empty for a full one.
func (h *Host) backupCommand(tool ToolInfo, c Credentials, dataDir, target, base string) JobSpec {
	args := append(h.connectOptions(c), "--backup", "--target-dir="+target, "--datadir="+dataDir)
	if base != "" {
		args = append(args, "--incremental-basedir="+base)
	}
	args = append(append(args, "--parallel="+strconv.Itoa(h.Parallel)), h.BackupArgs...)
	return JobSpec{Path: tool.Path, Args: args, Dir: "/", Output: target, Grace: StopGrace}
}

// streamCommand is backupCommand for a backup that comes through the tool's
// standard output. The tool puts nothing into target but the files by which
// the next incremental finds out where to begin.
func (h *Host) streamCommand(tool ToolInfo, c Credentials, dataDir, target, base string) JobSpec {
	spec := h.backupCommand(tool, c, dataDir, target, base)
	spec.Args = append(spec.Args, "--stream=xbstream", "--extra-lsndir="+target)
	return spec
}

// prepareCommand returns the command line that prepares a full backup. More
// says that incrementals follow: xtrabackup must then be told to leave the
// last transactions open, which mariabackup does by itself.
func (h *Host) prepareCommand(tool ToolInfo, target string, more bool) JobSpec {
	args := h.prepareOptions(target)
	if more && tool.Name == "xtrabackup" {
		args = append(args, "--apply-log-only")
	}
	return JobSpec{Path: tool.Path, Args: append(args, "--target-dir="+target), Dir: "/", Output: target, Grace: StopGrace}
}

// applyCommand returns the command line that applies an incremental, a private
// copy, to a prepared target.
func (h *Host) applyCommand(tool ToolInfo, target, incremental string, more bool) JobSpec {
	args := h.prepareOptions(target)
	if more && tool.Name == "xtrabackup" {
		args = append(args, "--apply-log-only")
	}
	args = append(args, "--target-dir="+target, "--incremental-dir="+incremental)
	return JobSpec{Path: tool.Path, Args: args, Dir: "/", Output: target, Grace: StopGrace}
}

// unpackCommand returns the command line that unpacks the stream on standard
// input into a folder, which must be empty: an unpacker keeps what it finds.
func (h *Host) unpackCommand(tool ToolInfo, unpacker, folder string) JobSpec {
	args := []string{"-x", "-C", folder}
	// Only the one's short option is the other's long one.
	if threads := strconv.Itoa(h.Parallel); tool.Name == "xtrabackup" {
		args = append(args, "--parallel="+threads)
	} else {
		args = append(args, "-p", threads)
	}
	return JobSpec{Path: unpacker, Args: args, Dir: "/", Output: folder, Empty: true, Grace: StopGrace}
}

// prepareOptions begin the command lines that need no server. The backup holds
// the settings its files were made with, the size of their pages for one:
// without them the tool guesses, and an option file of the machine would give
// it another server's. Told of this file alone, it reads no other.
func (h *Host) prepareOptions(target string) []string {
	options := []string{"--defaults-file=" + filepath.Join(target, "backup-my.cnf"), "--prepare", fmt.Sprintf("--use-memory=%d", h.UseMemory)}
	return append(options, h.prepareArgs()...)
}
