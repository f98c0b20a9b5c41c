package main

import (
	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
)

func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon (what happens without a subcommand)",
		Long: `Run the daemon in the foreground, with its log on stderr.

SIGTERM or SIGINT stops it. Programs of a running operation are left running;
the next daemon takes them over.`,
		Args: cobra.NoArgs,
		RunE: a.runServe,
	}
}

func (a *app) runServe(cmd *cobra.Command, _ []string) error {
	loaded := config.Load(a.configPath(), a.host)
	if len(loaded.Problems) > 0 {
		return exitWith(exitConfig, &config.Error{Problems: loaded.Problems})
	}
	log := newLogger(a.stderr, loaded.Config, takesColour(a.stderr, a.env), a.now)
	log.Info().Str(keyVersion, versionText()).Str(keyConfig, loaded.Config.Path).Msg("daemon starting")
	for _, warning := range loaded.Warnings {
		log.Warn().Str(keyConfig, loaded.Config.Path).Msg(warning.String())
	}
	return serve(cmd.Context(), loaded.Config, log)
}
