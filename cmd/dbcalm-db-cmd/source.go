package main

import "dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"

// source is where an invocation finds its configuration, and the machine that
// it is for.
type source struct {
	// flag is the file that --config names, or empty.
	flag string
	env  func(string) string
	host config.Host
	// exposures are what the daemon would not start with, by who may change it.
	exposures func(*config.Config) []error
}

// path is the file to read: the flag's, else the variable's, else the default.
func (s *source) path() string {
	if s.flag != "" {
		return s.flag
	}
	if path := s.env(config.Variable); path != "" {
		return path
	}
	return config.DefaultPath
}

func (s *source) load() *config.Loaded { return config.Load(s.path(), s.host) }
