package tool

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps/job"
)

const (
	fullDisk  = "the disk is full: free space or make it larger, then try again"
	openFiles = "the limit of open files is too low: raise LimitNOFILE of the service"
	wentAway  = "the server went away while the tool was at work"
	pageFault = "the server's data is damaged: run CHECK TABLE there; build the table again from what can be read, " +
		"or bring it back from an older backup"
	redoLost = "the server overwrote its redo log before the tool had read it: " +
		"enlarge the redo log (innodb_log_file_size, innodb_redo_log_capacity), back up when less is written, " +
		"or set innodb_redo_log_archive_dirs on MySQL 8"
	nameFault = "a name is longer than the file system or the tool takes: rename the table or the database, " +
		"or put backup_dir on a file system that takes names of 255 bytes"
	lockWait = "the tool could not get a lock in time: a statement or transaction holds it; " +
		"find it with SHOW FULL PROCESSLIST, let it end or end it, then try again"
	refused = "the server refused the backup user's login: check the credentials file, and write ssl-ca=FILE into it " +
		"if the account demands REQUIRE SSL: not every version of the tool encrypts unasked"
	privilege = "the backup user lacks a privilege: grant it, then try again"
)

// advices say in a person's words what a line of a tool's output means.
var advices = []struct{ says, means string }{
	{"No space left on device", fullDisk},
	{"no space left on device", fullDisk},
	{"Errcode: 28", fullDisk},
	{"error 28", fullDisk},
	{"error: 28", fullDisk},
	{"Disk quota exceeded", "the disk quota is used up: raise it or free space, then try again"},
	{"Access denied for user", refused},
	{"missing required privilege", privilege},
	{"Access denied; you need", privilege},
	{"Too many open files", openFiles},
	{"Errcode: 24", openFiles},
	{"error number 24", openFiles},
	{"Can't connect to", "the server could not be reached"},
	{"Lost connection to", wentAway},
	{"server has gone away", wentAway},
	{"Lock wait timeout exceeded", lockWait},
	{"Unable to obtain lock", lockWait},
	{"Permission denied", "a file could not be read or written: run the daemon as root or as the server's user"},
	{"failed to init keyring", "the tool could not use the server's keyring: check the keyring options in backup_args"},
	{"wrapped around", redoLost},
	{"Was only able to copy log", redoLost},
	{"ncreasing the innodb_log_file_size", redoLost},
	{"ncreasing innodb_log_file_size", redoLost},
	{"different innodb_undo_tablespaces", "the server's undo tablespaces are not those that the base was taken with: take a full backup"},
	{"Failed to read undo log tablespace", "an undo tablespace was truncated while it was copied: take the backup again"},
	{"File name too long", nameFault},
	{"file path is too long", nameFault},
	{"Errcode: 36", nameFault},
	{"error number 36", nameFault},
	{"Unsupported server version", "the tool is too old or too new for the server"},
	{"Please upgrade PXB", "the tool is older than the server: install its newest release of that series"},
	{"page corruption detected", pageFault},
	{"seems to be corrupted", pageFault},
}

// needless matches the warnings of MariaDB's tool about privileges that it would
// need for what nobody asks it for here. That of 10.5 prints one whenever it runs.
var needless = regexp.MustCompile(`(?m)^.*Warning: missing required privilege.*$`)

// Advice returns what the first of the advices that fits an output says, after a
// colon; "" if none does.
func Advice(output string) string {
	output = needless.ReplaceAllString(output, "")
	for _, a := range advices {
		if strings.Contains(output, a.says) {
			return ": " + a.means
		}
	}
	return ""
}

// cause tells why a program has failed, by what it complained of as it ran: what
// it said first, with what that means, and how it gave up. What follows the first
// complaint are its consequences as a rule.
func cause(r job.Result) string {
	if len(r.Complaints) == 0 {
		return Advice(r.Tail)
	}
	first := r.Complaints[0]
	text := ": " + bare(first)
	if table := tableIn(first); table != "" {
		text = ": table " + table + text
	}
	if last := lastFatal(r.Complaints); last != first {
		text += "; at last: " + bare(last)
	}
	// The complaint that means something may not be the first.
	for _, line := range slices.Concat(r.Complaints, []string{r.Tail}) {
		if advice := Advice(line); advice != "" {
			return text + advice
		}
	}
	return text
}

// lastFatal returns the last complaint with which the program gave up, or else the
// last of all.
func lastFatal(complaints []string) string {
	for _, line := range slices.Backward(complaints) {
		if strings.Contains(line, "FATAL") {
			return line
		}
	}
	return complaints[len(complaints)-1]
}

// lead is what a line of any version begins with before it says something: thread,
// time, kind, and the tool's name.
var lead = regexp.MustCompile(`^(?:\[[\w-]+\] +|FATAL ERROR: +|(?i:error): +|` +
	`[0-9-]+ +[0-9:]+ +|[0-9-]+T[0-9:.]+(?:Z|[+-][0-9:]+) +|\d+ +|` +
	`\S*(?:mariabackup|mariadb-backup|xtrabackup): +)+`)

// bare returns what a line says.
func bare(line string) string {
	said := strings.TrimRight(strings.TrimSpace(lead.ReplaceAllString(line, "")), ".")
	if said == "" {
		return strings.TrimSpace(line)
	}
	return said
}

// tableFile is a table's file in its database's folder.
var tableFile = regexp.MustCompile(`(?:^|[\s'"/])([^\s/'"]+)/([^\s/'"]+)\.(?:ibd|frm|MY[DI]|MA[DI]|CSV)\b`)

// tableIn returns the table whose file a line names, "" if it names none.
func tableIn(line string) string {
	found := tableFile.FindStringSubmatch(line)
	if found == nil {
		return ""
	}
	return fmt.Sprintf("%s.%s", found[1], found[2])
}
