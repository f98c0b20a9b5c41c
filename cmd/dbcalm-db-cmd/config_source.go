package main

import "dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"

func (a *app) configPath() string {
	if a.configFlag != "" {
		return a.configFlag
	}
	if path := a.env(config.Variable); path != "" {
		return path
	}
	return config.DefaultPath
}
