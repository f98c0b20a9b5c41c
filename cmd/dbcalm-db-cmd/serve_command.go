package main

import (
	"context"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
)

func serveCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon (what happens without a subcommand)",
		Long: `Run the daemon in the foreground, with its log on stderr.

SIGTERM or SIGINT stops it. Programs of a running operation are left running;
the next daemon takes them over.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), a) },
	}
}

func runServe(ctx context.Context, a *app) error {
	loaded := a.source.load()
	if len(loaded.Problems) > 0 {
		return exitWith(exitConfig, &config.Error{Problems: loaded.Problems})
	}
	log := newLogger(a.screen.Err, loaded.Config, screen.TakesColour(a.screen.Err, a.source.env), a.screen.Now)
	log.Info().Str(keyVersion, versionText()).Str(keyConfig, loaded.Config.Path).Msg("daemon starting")
	for _, warning := range loaded.Warnings {
		log.Warn().Str(keyConfig, loaded.Config.Path).Msg(warning.String())
	}
	return serve(ctx, loaded.Config, log)
}
