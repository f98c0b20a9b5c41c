package config

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"dbcalm-db-cmd/steps/tool"
)

// setting is one key of the configuration.
type setting struct {
	key string
	// set takes the file's value; false when it is not of the right type.
	set func(*Config, *yaml.Node) bool
	// show is the value as the file would have it.
	show func(*Config) any
	// wanted says which type would do.
	wanted string
	// computed marks a default that depends on the machine.
	computed bool
	// required marks a key without a default.
	required bool
	// hidden keeps a value that may hold a secret from being printed.
	hidden bool
	// guarded keeps a value of the wrong type from being printed.
	guarded bool
}

// settings are the keys, in the order in which they are shown.
var settings = []setting{
	mandatory(textKey("db_type", func(c *Config) *string { return &c.DBType })),
	mandatory(pathKey("backup_dir", func(c *Config) *string { return &c.BackupDir })),
	pathKey("backup_credentials_file", func(c *Config) *string { return &c.BackupCredentialsFile }),
	pathKey("data_dir", func(c *Config) *string { return &c.DataDir }),
	pathKey("database_path", func(c *Config) *string { return &c.DatabasePath }),
	boolKey("stream", func(c *Config) *bool { return &c.Stream }),
	compressionKey,
	numberKey("compression_level", func(c *Config) *int { return &c.CompressionLevel }),
	hidden(textKey("forward", func(c *Config) *string { return &c.Forward })),
	hidden(textKey("retrieve", func(c *Config) *string { return &c.Retrieve })),
	durationKey("stall_timeout", func(c *Config) *time.Duration { return &c.StallTimeout }),
	countRowsKey,
	textKey("host", func(c *Config) *string { return &c.Host }),
	computed(pathKey("backup_bin", func(c *Config) *string { return &c.BackupBin })),
	{key: "backup_args", set: setArgs, show: showArgs, guarded: true, wanted: `write a list of options, such as ["--throttle=40"]`},
	computed(pathKey("server_bin", func(c *Config) *string { return &c.ServerBin })),
	pathKey("socket_path", func(c *Config) *string { return &c.SocketPath }),
	pathKey("legacy_socket_path", func(c *Config) *string { return &c.LegacySocketPath }),
	modeKey("socket_mode", func(c *Config) *fs.FileMode { return &c.SocketMode }),
	textKey("socket_group", func(c *Config) *string { return &c.SocketGroup }),
	accessSettings[0], accessSettings[1], accessSettings[2], accessSettings[3],
	pathKey("state_dir", func(c *Config) *string { return &c.StateDir }),
	pathKey("server_defaults_file", func(c *Config) *string { return &c.ServerDefaultsFile }),
	computed(numberKey("parallel", func(c *Config) *int { return &c.Parallel })),
	computed(setting{key: "use_memory", set: setMemory, show: showMemory, wanted: memoryAdvice}),
	numberKey("max_concurrent", func(c *Config) *int { return &c.MaxConcurrent }),
	numberKey("max_waiting", func(c *Config) *int { return &c.MaxWaiting }),
	numberKey("keep_logs_days", func(c *Config) *int { return &c.KeepLogsDays }),
	numberKey("keep_history", func(c *Config) *int { return &c.KeepHistory }),
	boolKey("archive", func(c *Config) *bool { return &c.Archive }),
	durationKey("archive_interval", func(c *Config) *time.Duration { return &c.ArchiveInterval }),
	numberKey("archive_days", func(c *Config) *int { return &c.ArchiveDays }),
	{key: "retention", set: setRetention, show: showRetention, wanted: retentionAdvice},
	hidden(textKey("on_finish", func(c *Config) *string { return &c.OnFinish })),
	durationKey("on_finish_timeout", func(c *Config) *time.Duration { return &c.OnFinishTimeout }),
	metricsListenKey,
	modeKey("metrics_mode", func(c *Config) *fs.FileMode { return &c.MetricsMode }),
	textKey("metrics_group", func(c *Config) *string { return &c.MetricsGroup }),
	{key: "log_level", set: setLevel, show: showLevel, wanted: "write trace, debug, info, warn or error"},
	computed(textKey("log_format", func(c *Config) *string { return &c.LogFormat })),
}

const (
	modeAdvice   = `write an octal mode, such as "0660"`
	memoryAdvice = "write a size such as 512M or 2G, or a number of bytes"
)

// findSetting returns the key of that name in any case, as the other programs
// of the shared file read it.
func findSetting(name string) (setting, bool) {
	for _, s := range settings {
		if s.key == strings.ToLower(name) {
			return s, true
		}
	}
	return setting{}, false
}

func textKey(key string, field func(*Config) *string) setting {
	return setting{
		key:    key,
		set:    func(c *Config, n *yaml.Node) bool { return setText(field(c), n) },
		show:   func(c *Config) any { return *field(c) },
		wanted: "write text, in quotes if it looks like a number",
	}
}

// pathKey is text that is cleaned, so that paths can be compared.
func pathKey(key string, field func(*Config) *string) setting {
	s := textKey(key, field)
	s.set = func(c *Config, n *yaml.Node) bool {
		ok := setText(field(c), n)
		if ok && filepath.IsAbs(*field(c)) {
			*field(c) = filepath.Clean(*field(c))
		}
		return ok
	}
	s.wanted = "write a path"
	return s
}

// boolKey takes what the other programs of the shared file take.
func boolKey(key string, field func(*Config) *bool) setting {
	return setting{
		key:    key,
		set:    func(c *Config, n *yaml.Node) bool { return setBool(field(c), n) },
		show:   func(c *Config) any { return *field(c) },
		wanted: "write true or false",
	}
}

func numberKey(key string, field func(*Config) *int) setting {
	return setting{
		key:    key,
		set:    func(c *Config, n *yaml.Node) bool { return setNumber(field(c), n) },
		show:   func(c *Config) any { return *field(c) },
		wanted: "write a whole number",
	}
}

// durationKey takes a time with its unit, or a number of seconds.
func durationKey(key string, field func(*Config) *time.Duration) setting {
	return setting{
		key: key,
		set: func(c *Config, n *yaml.Node) bool {
			text := n.Value
			var seconds int
			if setNumber(&seconds, n) {
				text = strconv.Itoa(seconds) + "s"
			} else if !setText(&text, n) {
				return false
			}
			duration, err := time.ParseDuration(text)
			*field(c) = duration
			return err == nil
		},
		show:   func(c *Config) any { return brief(*field(c)) },
		wanted: "write a time with its unit, such as 30s or 5m, or a number of seconds",
	}
}

// brief is a time as a person writes it: 1h, where Go writes 1h0m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func mandatory(s setting) setting { s.required = true; return s }
func computed(s setting) setting  { s.computed = true; return s }
func hidden(s setting) setting    { s.hidden = true; return s }

func setText(field *string, n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return false
	}
	*field = n.Value
	return true
}

func setArgs(c *Config, n *yaml.Node) bool {
	if n.Kind != yaml.SequenceNode {
		return false
	}
	args := []string{}
	for _, item := range n.Content {
		var arg string
		if !setText(&arg, resolve(item)) {
			return false
		}
		args = append(args, arg)
	}
	c.BackupArgs = args
	return true
}

// showArgs leaves out what is refused: it may be a password.
func showArgs(c *Config) any {
	shown := []string{}
	for _, arg := range c.BackupArgs {
		if tool.CheckBackupArg(arg) != nil {
			arg = notShown
		}
		shown = append(shown, arg)
	}
	return shown
}

func modeKey(key string, field func(*Config) *fs.FileMode) setting {
	return setting{
		key:    key,
		set:    func(c *Config, n *yaml.Node) bool { return setMode(field(c), n) },
		show:   func(c *Config) any { return fmt.Sprintf("%04o", uint32(*field(c))) },
		wanted: modeAdvice,
	}
}

// setMode reads the digits as octal whether they are quoted or not: 0660 is
// the number 432 to YAML 1.1, 660 is six hundred and sixty to all of it.
func setMode(field *fs.FileMode, n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" && n.ShortTag() != "!!int" {
		return false
	}
	digits := n.Value
	if len(digits) > 2 && digits[:2] == "0o" {
		digits = digits[2:]
	}
	mode, err := strconv.ParseUint(digits, 8, 9)
	if err != nil {
		return false
	}
	*field = fs.FileMode(mode)
	return true
}

func setMemory(c *Config, n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" && n.ShortTag() != "!!int" {
		return false
	}
	size, err := parseSize(n.Value)
	if err != nil {
		return false
	}
	c.UseMemory = size
	return true
}

func showMemory(c *Config) any { return c.UseMemory }
