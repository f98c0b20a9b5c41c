package main

import (
	"github.com/spf13/cobra"
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
	loaded := loadConfig(a.configPath(), a.host)
	if len(loaded.problems) > 0 {
		return exitWith(exitConfig, &configError{problems: loaded.problems})
	}
	log := newLogger(a.stderr, loaded.config, takesColour(a.stderr, a.env), a.now)
	log.Info().Str(keyVersion, versionText()).Str(keyConfig, loaded.config.Path).Msg("daemon starting")
	for _, warning := range loaded.warnings {
		log.Warn().Str(keyConfig, loaded.config.Path).Msg(warning.String())
	}
	return serve(cmd.Context(), loaded.config, log)
}
