package config

import (
	"strconv"
	"strings"

	"github.com/rs/zerolog"
	"gopkg.in/yaml.v3"
)

// The file is shared: what DBCalm's API, its Python and its reference daemon
// take for a value must not stop this daemon, as long as it can be honoured.

// noCompression is a word for none beside the empty text.
const noCompression = "none"

// compressionKey takes its words in any case, and what others write for none.
var compressionKey = setting{
	key: "compression",
	set: func(c *Config, n *yaml.Node) bool {
		var wanted bool
		if setBool(&wanted, n) && !wanted {
			c.Compression = ""
			return true
		}
		if !setText(&c.Compression, n) {
			return false
		}
		if word := strings.ToLower(c.Compression); word == noCompression {
			c.Compression = ""
		} else {
			c.Compression = word
		}
		return true
	},
	show:   func(c *Config) any { return c.Compression },
	wanted: "write gzip, zstd or none",
}

// The words of count_rows.
const (
	countOff      = "off"
	countRows     = "rows"
	countChecksum = "checksum"
)

// countRowsKey takes its words in any case, and a truth value: off is one to YAML
// 1.1.
var countRowsKey = setting{
	key: "count_rows",
	set: func(c *Config, n *yaml.Node) bool {
		var wanted bool
		switch {
		case setBool(&wanted, n) && wanted:
			c.CountRows = countRows
		case setBool(&wanted, n):
			c.CountRows = countOff
		case setText(&c.CountRows, n):
			c.CountRows = strings.ToLower(c.CountRows)
		default:
			return false
		}
		return true
	},
	show:   func(c *Config) any { return c.CountRows },
	wanted: "write off, rows or checksum",
}

// setBool takes the words of YAML 1.1 in any case, quoted or not, and 1 and 0.
func setBool(field *bool, n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	switch strings.ToLower(n.Value) {
	case "true", "yes", "on", "y", "t", "1":
		*field = true
	case "false", "no", "off", "n", "f", "0", "":
		*field = false
	default:
		return false
	}
	return true
}

// setNumber takes a whole number, quoted or not.
func setNumber(field *int, n *yaml.Node) bool {
	switch {
	case n.Kind != yaml.ScalarNode:
		return false
	case n.ShortTag() == "!!int":
		return n.Decode(field) == nil
	case n.ShortTag() != "!!str":
		return false
	}
	number, err := strconv.Atoi(strings.TrimSpace(n.Value))
	if err == nil {
		*field = number
	}
	return err == nil
}

// foreignLevels are what others call levels of the log. There is none above
// error here, so that critical shows all errors.
var foreignLevels = map[string]string{"warning": zerolog.LevelWarnValue, "critical": zerolog.LevelErrorValue}

// setLevel takes its words in any case.
func setLevel(c *Config, n *yaml.Node) bool {
	var name string
	if !setText(&name, n) {
		return false
	}
	name = strings.ToLower(name)
	if ours, foreign := foreignLevels[name]; foreign {
		name = ours
	}
	switch name {
	case zerolog.LevelTraceValue, zerolog.LevelDebugValue, zerolog.LevelInfoValue,
		zerolog.LevelWarnValue, zerolog.LevelErrorValue:
	default:
		return false
	}
	level, err := zerolog.ParseLevel(name)
	c.LogLevel = level
	return err == nil
}

func showLevel(c *Config) any { return c.LogLevel.String() }
