package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/steps/tool"
)

// Limits of what the keys take.
const (
	maxParallel   = 64
	maxConcurrent = 16
	maxLogDays    = 3650
	// maxSocketPath is what sockaddr_un holds beside its closing zero byte.
	maxSocketPath = 107
	// minMemory is the least with which a tool's InnoDB starts on any page size.
	minMemory = 16 * mebibyte

	maxKeptFull = 10_000
	maxKeptDays = 36_500

	minArchive = time.Second
	maxArchive = time.Hour

	minOnFinish = time.Second
	maxOnFinish = time.Hour
)

// validation gathers what is wrong with a configuration's values.
type validation struct {
	*Loaded
	given map[string]Value
	host  Host
}

func (l *Loaded) validate(given map[string]Value, h Host) {
	v := &validation{Loaded: l, given: given, host: h}
	v.words()
	v.paths()
	v.numbers()
	v.socket()
	v.access()
	v.onFinish()
	v.metrics()
	v.forms()
	v.programs()
	v.backupArgs()
}

// complain adds a problem of a key, unless there is one already: the first is
// the one to mend.
func (v *validation) complain(key, format string, args ...any) {
	if v.refused(key) {
		return
	}
	i := slices.IndexFunc(v.Values, func(e Value) bool { return e.Key == key })
	p := Finding{Where: v.Config.Path, Key: key, Advice: fmt.Sprintf(format, args...)}
	shown := v.Values[i].Value
	if text, ok := shown.(string); ok && shown != notShown {
		shown = fmt.Sprintf("%q", text)
	}
	p.Value = fmt.Sprint(shown)
	if g, found := v.given[key]; found {
		p.Where, p.line = g.From, g.line
	} else {
		p.Value += " (" + v.Values[i].From + ")"
	}
	v.Problems = append(v.Problems, p)
}

func (v *validation) warn(key, format string, args ...any) {
	w := Finding{Where: v.Config.Path, Key: key, Advice: fmt.Sprintf(format, args...)}
	if g, found := v.given[key]; found {
		w.Where, w.line = g.From, g.line
	}
	v.Warnings = append(v.Warnings, w)
}

// require complains about a key that the file must have.
func (v *validation) require(key, example string) bool {
	if _, found := v.given[key]; found || v.refused(key) {
		return found
	}
	v.Problems = append(v.Problems, Finding{
		Where: v.Config.Path, Key: key, Advice: fmt.Sprintf("not set: add a line such as %q", key+": "+example),
	})
	return false
}

func (v *validation) words() {
	c := v.Config
	if v.require("db_type", typeMariaDB) {
		v.oneOf("db_type", c.DBType, typeMariaDB, typeMySQL)
	}
	if c.Compression != "" {
		v.oneOf("compression", c.Compression, "gzip", "zstd", noCompression)
	}
	v.oneOf("count_rows", c.CountRows, countOff, countRows, countChecksum)
	v.oneOf("log_format", c.LogFormat, FormatJSON, FormatConsole)
	if c.Host == "" || strings.ContainsAny(c.Host, " \t\r\n") {
		v.complain("host", "write the database server's host name, such as localhost")
	}
}

func (v *validation) oneOf(key, value string, words ...string) {
	if !slices.Contains(words, value) {
		last := len(words) - 1
		v.complain(key, "write %s or %s", strings.Join(words[:last], ", "), words[last])
	}
}

func (v *validation) numbers() {
	c := v.Config
	v.between("parallel", c.Parallel, maxParallel)
	v.between("max_concurrent", c.MaxConcurrent, maxConcurrent)
	v.between("max_waiting", c.MaxWaiting, maxWaiting)
	v.between("keep_logs_days", c.KeepLogsDays, maxLogDays)
	if c.KeepHistory < 0 || c.KeepHistory > maxKeptDays {
		v.complain("keep_history", "write a whole number from 0 to %d, 0 to keep all", maxKeptDays)
	}
	if r := c.Retention; r.Full < 0 || r.Full > maxKeptFull || r.Days < 0 || r.Days > maxKeptDays {
		v.complain("retention", "give 0 to %d full backups and 0 to %d days, such as %s", maxKeptFull, maxKeptDays, RetentionExample)
	}
	if c.ArchiveDays < 0 || c.ArchiveDays > maxKeptDays {
		v.complain("archive_days", "write a whole number from 0 to %d", maxKeptDays)
	}
	if c.ArchiveInterval < minArchive || c.ArchiveInterval > maxArchive {
		v.complain("archive_interval", "give %s to %s, such as 1m", brief(minArchive), brief(maxArchive))
	}
	if c.UseMemory < minMemory {
		v.complain("use_memory", "give at least %s, such as 512M or 2G", minMemory)
	} else if v.host.Memory > 0 && c.UseMemory > v.host.Memory {
		v.warn("use_memory", "%s is more than this machine's %s of memory", c.UseMemory, human.Bytes(v.host.Memory))
	}
}

func (v *validation) onFinish() {
	c := v.Config
	if strings.ContainsRune(c.OnFinish, 0) {
		v.complain("on_finish", "holds a zero byte, which no command can: remove it")
	}
	if c.OnFinishTimeout < minOnFinish || c.OnFinishTimeout > maxOnFinish {
		v.complain("on_finish_timeout", "give %s to %s, such as 30s", brief(minOnFinish), brief(maxOnFinish))
	}
}

func (v *validation) between(key string, value, most int) {
	if value < 1 || value > most {
		v.complain(key, "write a whole number from 1 to %d", most)
	}
}

// programs warns only: a program may be installed while the daemon runs, and an
// operation that misses it says so. Without a server's program only one level
// of verification cannot be had, so nothing is said unless one was named.
func (v *validation) programs() {
	if v.Config.BackupBin == "" && !v.refused("backup_bin") {
		v.warn("backup_bin", "%s was not found on PATH: install it, or set backup_bin to its path",
			strings.Join(backupTools(v.Config.DBType), " or "))
	}
	v.program("backup_bin", v.Config.BackupBin, "the backup tool")
	v.program("server_bin", v.Config.ServerBin, "the server's program")
}

func (v *validation) program(key, bin, what string) {
	switch _, found := v.host.Program(bin); {
	case found || bin == "" || v.refused(key):
	case filepath.IsAbs(bin):
		v.warn(key, "%s is not there or cannot be executed: install %s or correct the path", bin, what)
	default:
		v.warn(key, "%s was not found on PATH: install it, or write its path", bin)
	}
}

// backupArgs names every option that is refused.
func (v *validation) backupArgs() {
	var advice []string
	for i, arg := range v.Config.BackupArgs {
		if err := tool.CheckBackupArg(arg); err != nil {
			advice = append(advice, fmt.Sprintf("text %d: %v", i+1, err))
		}
	}
	if len(advice) > 0 {
		v.complain("backup_args", "%s", strings.Join(advice, "; "))
	}
}
