package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// commandLine is one that this version takes.
type commandLine struct {
	mode mode
	// defaultsFile and suffix are those of the options that must come first.
	defaultsFile, suffix string
	values               map[string]string
	// old are the options that were given by a name which is no longer the first.
	old []string
}

func (c commandLine) has(name string) bool { _, given := c.values[name]; return given }

// parse reads a command line. It refuses what the real one refuses, and also
// what that ignores: an option it does not know (2.x), or of another mode.
func (v version) parse(args []string) (commandLine, error) {
	c := commandLine{values: map[string]string{}}
	rest, err := c.parseDefaults(args)
	if err != nil {
		return c, err
	}
	var given []option
	for _, arg := range rest {
		o, err := v.parseOption(arg, &c)
		if err != nil {
			return c, err
		}
		given = append(given, o)
	}
	if c.has("version") || c.has("help") {
		return c, nil
	}
	modes := 0
	for name, m := range map[string]mode{"backup": modeBackup, "prepare": modePrepare, "copy-back": modeCopy, "move-back": modeCopy} {
		if c.has(name) {
			c.mode = m
			modes++
		}
	}
	if modes != 1 {
		return c, errors.New("usage: [xtrabackup [--defaults-file=#] --backup | xtrabackup [--defaults-file=#] --prepare] [OPTIONS]")
	}
	for _, o := range given {
		if o.modes&c.mode == 0 {
			return c, fmt.Errorf("--%s means nothing here", o.name)
		}
	}
	return c, nil
}

// parseDefaults takes the options about option files off the beginning of a
// command line, the only place where they are one.
func (c *commandLine) parseDefaults(args []string) (rest []string, err error) {
	rest = args
	for i, name := range []string{"--defaults-file=", "--defaults-group-suffix="} {
		if len(rest) > 0 && strings.HasPrefix(rest[0], name) {
			*[]*string{&c.defaultsFile, &c.suffix}[i] = strings.TrimPrefix(rest[0], name)
			rest = rest[1:]
		} else if i == 0 && len(rest) > 0 && rest[0] == "--no-defaults" {
			rest = rest[1:]
		}
	}
	for _, arg := range rest {
		if strings.HasPrefix(arg, "--defaults-file=") || strings.HasPrefix(arg, "--defaults-extra-file=") {
			name, _, _ := strings.Cut(arg, "=")
			return nil, fmt.Errorf("%s must be specified first on the command line", name)
		}
		if strings.HasPrefix(arg, "--defaults-group-suffix=") || arg == "--no-defaults" {
			return nil, fmt.Errorf("unknown variable '%s'", strings.TrimPrefix(arg, "--"))
		}
	}
	return rest, nil
}

func (v version) parseOption(arg string, into *commandLine) (option, error) {
	name, isLong := strings.CutPrefix(arg, "--")
	if !isLong {
		return option{}, fmt.Errorf("unknown argument: '%s'", arg)
	}
	name, value, valued := strings.Cut(name, "=")
	name = strings.ReplaceAll(name, "_", "-")
	on, skipped := strings.CutPrefix(name, "skip-")
	name, err := v.firstName(name, into)
	if err != nil {
		return option{}, err
	}
	i := slices.IndexFunc(options, func(o option) bool {
		return (o.name == name || skipped && o.name == on && o.value == noValue) && v.knows(o)
	})
	if i < 0 {
		return option{}, fmt.Errorf("unknown option '--%s'", name)
	}
	o := options[i]
	switch {
	case o.value == aValue && !valued:
		return o, fmt.Errorf("option '--%s' requires an argument", name)
	case o.value == noValue && valued:
		return o, fmt.Errorf("option '--%s' cannot take an argument", name)
	}
	into.values[o.name] = value
	return o, nil
}
