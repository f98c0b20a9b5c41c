package config

import (
	"fmt"
	"strings"
)

// keyNote is what a person is told of a key.
type keyNote struct {
	// rule says how a computed default comes about.
	rule string
	// meaning says what the value is, in which unit, and what it does.
	meaning string
	// example is a value to show of a key whose default cannot be written down.
	example any
}

var keyNotes = map[string]keyNote{
	"db_type": {meaning: "Kind of the server: mariadb or mysql.", example: typeMariaDB},
	"backup_dir": {
		meaning: "Folder of the backups, one folder a backup. Made if missing.",
		example: "/var/backups/dbcalm",
	},
	"backup_credentials_file": {
		meaning: "Option file whose section [client-dbcalm] holds user and password, and socket, or host and port, of the server.",
	},
	"data_dir": {meaning: "The server's data directory. A restore to database goes there."},
	"database_path": {
		meaning: "SQLite file with the tables clients read. Made if missing, for the group of its folder; filled again if lost.",
	},
	"stream": {meaning: "Whether a backup is stored as one stream instead of a folder of files."},
	"compression": {
		meaning: "gzip or zstd; \"\" or none for none. A stream is compressed on its way, else the copied files one by one.",
	},
	"compression_level": {meaning: "1 (fastest) to 9 for gzip, to 19 for zstd; 0 for the default, the fastest."},
	"forward": {
		meaning: "Shell command that reads a backup's stream from its standard input and stores it elsewhere; \"\" for none. " +
			"Needs stream: true. Its value is never shown.",
	},
	"retrieve": {
		meaning: "Shell command that prints a forwarded stream on its standard output; \"\" for none. Needed to restore what " +
			"was forwarded. Its value is never shown.",
	},
	"stall_timeout": {
		meaning: fmt.Sprintf("How long a stream may stand still because a disk, forward or retrieve does nothing, before the "+
			"operation fails; %s to %s.", brief(minStall), brief(maxStall)),
	},
	"count_rows": {
		meaning: "What is counted of the server's tables while a backup is made, for a verification at level boot to compare: off, " +
			"rows, or checksum for rows and CHECKSUM TABLE. Reads every table that nobody changes meanwhile, for which the backup user " +
			"needs SELECT; see dbcalm-db-cmd manual proof.",
	},
	"host": {
		meaning: "The server's host. Any other than localhost means TCP. The daemon must run on that host all the same: it " +
			"reads the data directory.",
	},
	"backup_bin": {
		rule:    nameRule(backupTools) + ", found on PATH",
		meaning: "The backup tool: a path, or a name looked up on PATH.",
		example: "/usr/bin/" + backupTools(typeMariaDB)[0],
	},
	"backup_args": {
		meaning: "List of further options for the backup tool, such as [\"--throttle=40\"]; those about keyrings, plugins and " +
			"limits also go to its prepare.",
	},
	"server_bin": {
		rule:    nameRule(serverPrograms) + ", found on PATH or in /usr/sbin",
		meaning: "The server's program, only needed to verify at level boot: a path, or a name looked up on PATH. Of the backups' series.",
		example: "/usr/sbin/" + serverPrograms(typeMariaDB)[0],
	},
	"socket_path":        {meaning: fmt.Sprintf("Unix socket for commands; at most %d bytes.", maxSocketPath)},
	"legacy_socket_path": {meaning: "Second socket, for older clients; \"\" for none."},
	"socket_mode": {meaning: "Octal mode of both sockets. Who may write to one is answered if allowed_users or " +
		"allowed_groups names them."},
	"socket_group": {meaning: "Group of both sockets, by name or number; \"\" for the daemon's own."},
	"state_dir":    {meaning: "The daemon's own folder, which nobody else may enter: operations, job folders. Not on the backup disk."},
	"server_defaults_file": {
		meaning: "The server's my.cnf, read to see whether it keeps files outside data_dir; \"\" for none.",
	},
	"parallel": {
		rule:    fmt.Sprintf("the number of CPUs, at most %d", mostWorkers),
		meaning: fmt.Sprintf("Threads that copy and hash; 1 to %d.", maxParallel),
		example: mostWorkers,
	},
	"use_memory": {
		rule:    fmt.Sprintf("a quarter of the RAM, %s to %s", leastMemory, mostMemory),
		meaning: fmt.Sprintf("Memory to prepare with: bytes, or a number with K, M, G or T, powers of 1024; at least %s.", minMemory),
		example: mostMemory,
	},
	"max_concurrent": {
		meaning: fmt.Sprintf("Backups, restores and verifications that run at a time, the others wait; 1 to %d. Deletions do "+
			"not count.", maxConcurrent),
	},
	"max_waiting": {
		meaning: fmt.Sprintf("How many operations may wait for their turn; more are refused with 503. 1 to %d.", maxWaiting),
	},
	"allowed_users":  accessNotes["allowed_users"],
	"allowed_groups": accessNotes["allowed_groups"],
	"restore_users":  accessNotes["restore_users"],
	"restore_groups": accessNotes["restore_groups"],
	"keep_logs_days": {
		meaning: fmt.Sprintf("For how many days all that an operation's programs have printed is kept, compressed, in "+
			"state_dir; 1 to %d.", maxLogDays),
	},
	"keep_history": {
		meaning: fmt.Sprintf("For how many days operations are kept that are over, with their logs and rows of the SQLite file: but "+
			"always the newest 1000, and what backups need; 0 to %d, 0 keeps all.", maxKeptDays),
	},
	"archive": {meaning: "Whether the server's binary log is archived, so that restore --to can bring a backup to any moment after it. " +
		"Needs log_bin, and of MySQL gtid_mode=ON."},
	"archive_interval": {
		meaning: fmt.Sprintf("How long a segment of the archive stays open before it is compressed and sealed; %s to %s. What was "+
			"read is on the disk of backup_dir within a second or so all the same.", brief(minArchive), brief(maxArchive)),
	},
	"archive_days": {
		meaning: fmt.Sprintf("For how many days the archive is kept, even where no backup is left that it could be applied to; 0 to %d. "+
			"What a backup needs always stays.", maxKeptDays),
	},
	"retention": {
		meaning: "What backups prune keeps, such as {full: 4, days: 30}: the newest 4 full backups with what stands on them, " +
			"and every chain with a backup younger than 30 days. {} keeps all. Nothing is pruned by itself.",
	},
	"on_finish": {
		meaning: "Shell command run after every operation, however that ended, with its JSON on standard input; \"\" for none. " +
			"Its value is never shown.",
	},
	"on_finish_timeout": {
		meaning: fmt.Sprintf("How long that command may take before it is killed; %s to %s.", brief(minOnFinish), brief(maxOnFinish)),
	},
	"metrics_listen": {
		meaning: "Where Prometheus finds metrics, and others the daemon's health: a Unix socket's path, or localhost:PORT; \"\" for neither.",
	},
	"metrics_mode":  {meaning: "Octal mode of that socket. Who may write to it may read the metrics, and do nothing else."},
	"metrics_group": {meaning: "Group of that socket, by name or number; \"\" for the daemon's own."},
	"log_level":     {meaning: "trace, debug, info, warn or error; warning and critical are taken too."},
	"log_format": {
		rule:    FormatConsole + " on a terminal, else " + FormatJSON,
		meaning: "json or console, on stderr.",
		example: FormatJSON,
	},
}

// Key is one key of the configuration, as a person is told of it.
type Key struct {
	Key      string `json:"key"`
	Required bool   `json:"required"`
	// Default is for people: of a key whose default depends on the machine it
	// says how that comes about.
	Default string `json:"default"`
	Meaning string `json:"meaning"`
	// Computed reports that the default depends on the machine.
	Computed bool `json:"-"`
}

// Keys returns every key, in the order in which they are shown.
func Keys() []Key {
	views := make([]Key, 0, len(settings))
	for _, s := range settings {
		views = append(views, Key{
			Key: s.key, Required: s.required, Default: s.defaultText(), Meaning: keyNotes[s.key].meaning, Computed: s.computed,
		})
	}
	return views
}

// nameRule says by which names a program is looked for.
func nameRule(names func(dbType string) []string) string {
	return strings.Join(names(typeMariaDB), " or ") + ", for mysql " + strings.Join(names(typeMySQL), " or ")
}

// defaultText is a key's default as a person reads it, on whatever machine.
func (s setting) defaultText() string {
	switch {
	case s.required:
		return "required"
	case s.computed:
		return keyNotes[s.key].rule
	}
	if shown := fmt.Sprint(s.show(Defaults(Host{}))); shown != "" {
		return shown
	}
	return `""`
}
