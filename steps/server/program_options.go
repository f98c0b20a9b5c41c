package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// programFolders are the options that name folders of a server's program: where
// it finds its messages, character sets and plugins. Its data is in none.
var programFolders = []string{"basedir", "lc-messages-dir", "character-sets-dir", "plugin-dir"}

// loadOption names a plugin to be loaded from plugin-dir.
const loadOption = "plugin-load-add"

// engines are the libraries of storage engines without which tables of theirs
// cannot be looked at. Others are not loaded: they are none of the data's, or
// reach beyond it.
var engines = []string{"ha_archive.so", "ha_blackhole.so", "ha_federated.so", "ha_federatedx.so", "ha_mroonga.so", "ha_oqgraph.so", "ha_rocksdb.so"}

// programValue is what a folder's name may consist of.
var programValue = regexp.MustCompile(`^/[\w./+@~:-]*$`)

// ProgramOptions returns the options by which another server, of this version,
// finds the files of its program where this one has found them. Of what others
// could change it is told nothing, and the error refused says why. A server of
// another series has other files: there are no options.
func (s *Conn) ProgramOptions(ctx context.Context, version string) (options []string, refused, err error) {
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	var own string
	if err := s.db.QueryRowContext(ctx, `SELECT @@version`).Scan(&own); err != nil {
		return nil, nil, fmt.Errorf("ask the server for its version: %w", err)
	}
	if Series(own) != Series(version) {
		return nil, nil, nil
	}
	add := func(option string) bool {
		err := CheckProgramOption(option)
		if err != nil {
			refused = errors.Join(refused, err)
			return false
		}
		options = append(options, option)
		return true
	}
	plugins := false
	for _, name := range programFolders {
		value, err := s.show(ctx, `SHOW GLOBAL VARIABLES LIKE '`+strings.ReplaceAll(name, "-", "_")+`'`)
		if err != nil {
			return nil, nil, fmt.Errorf("ask the server for its %s: %w", name, err)
		}
		if info, err := os.Stat(value); value == "" || err != nil || !info.IsDir() {
			continue
		}
		if added := add(name + "=" + value); name == "plugin-dir" {
			plugins = added
		}
	}
	if !plugins {
		return options, refused, nil
	}
	loaded, err := s.loadedEngines(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, library := range loaded {
		add(loadOption + "=" + library)
	}
	return options, refused, nil
}

// loadedEngines returns the libraries of those engines that the server has
// loaded.
func (s *Conn) loadedEngines(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT PLUGIN_LIBRARY FROM information_schema.PLUGINS
		WHERE PLUGIN_TYPE = 'STORAGE ENGINE' AND PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_LIBRARY IS NOT NULL ORDER BY PLUGIN_LIBRARY`)
	if err != nil {
		return nil, fmt.Errorf("ask the server for its engines: %w", err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var library string
		if err := rows.Scan(&library); err != nil {
			return nil, fmt.Errorf("ask the server for its engines: %w", err)
		}
		if slices.Contains(engines, library) {
			list = append(list, library)
		}
	}
	return list, rows.Err()
}

// CheckProgramOption refuses an option that is none of those ProgramOptions
// returns, or that leads to what others than root and our own user could change:
// what a server loads from there runs with our rights.
func CheckProgramOption(option string) error {
	name, value, _ := strings.Cut(option, "=")
	switch {
	case name == loadOption && slices.Contains(engines, value):
		return nil
	case !slices.Contains(programFolders, name) || !programValue.MatchString(value):
		return fmt.Errorf("%q is no option that a server is started with to look at a backup", option)
	}
	if err := disk.CheckGuarded(value, os.Geteuid()); err != nil {
		return fmt.Errorf("%s=%s: %w", name, value, err)
	}
	if name != "plugin-dir" {
		return nil
	}
	for _, library := range engines {
		if err := disk.CheckGuarded(filepath.Join(value, library), os.Geteuid()); err != nil {
			return fmt.Errorf("%s=%s: %w", name, value, err)
		}
	}
	return nil
}
