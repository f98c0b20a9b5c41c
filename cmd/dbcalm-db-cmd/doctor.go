package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/doctor"
)

func doctorCommand(a *app) *cobra.Command {
	var asJSON, thorough bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at the whole set-up and say how to mend what is wrong",
		Long: `Look at everything that backups and restores need, from the configuration to the
daemon's socket, and say of each thing what is wrong and what to do. Nothing is
changed, and no daemon is needed. Give it as the user that the daemon runs as:
what may be read and written is looked at with the rights of whoever asks.

  ✓ in order    ✗ wrong    ? could not be looked at    • worth knowing

Exit code 0 where nothing is marked ✗ or ?; all is well where nothing is marked •
either.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return examineSetup(cmd.Context(), a, asJSON, thorough) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&thorough, "thorough", false, "read both databases wholly, however long that takes")
	return cmd
}

// doctorReport is what doctor --json prints.
type doctorReport struct {
	// Well reports that nothing is wrong and nothing unknown.
	Well   bool        `json:"well"`
	Checks []api.Check `json:"checks"`
}

func examineSetup(ctx context.Context, a *app, asJSON, thorough bool) error {
	loaded := a.source.load()
	patience := databasePatience
	if thorough {
		patience = 0
	}
	checks := a.diagnose(ctx, loaded, patience)
	if ctx.Err() != nil {
		return exitWith(exitInterrupted, errors.New("interrupted before everything had been looked at"))
	}
	wrong, unknown, noted := 0, 0, 0
	for _, c := range checks {
		switch {
		case c.Unknown:
			unknown++
		case c.Note:
			noted++
		case !c.OK:
			wrong++
		}
	}
	well := wrong+unknown == 0
	var err error
	if asJSON {
		err = a.screen.JSON(doctorReport{Well: well, Checks: checks})
	} else {
		err = a.screen.Print(checksText(a.screen, checks))
	}
	switch {
	case err != nil:
		return err
	case well && asJSON:
		return nil
	case well && noted > 0:
		a.screen.Note("Nothing is wrong; what is worth knowing is marked •.")
		return nil
	case well:
		a.screen.Note("All is well.")
		return nil
	}
	code := exitAttention
	if len(loaded.Problems) > 0 {
		code = exitConfig
	}
	return exitWith(code, fmt.Errorf("%d wrong, marked ✗; %d that could not be looked at, marked ?", wrong, unknown))
}

// diagnosis looks at the set-up, and asks the daemon that dial reaches.
func diagnosis(ctx context.Context, loaded *config.Loaded, dial func(socket string) daemon, patience time.Duration) []api.Check {
	checks := configChecks(loaded)
	wrong := map[string]bool{}
	for _, p := range loaded.Problems {
		if p.Key == "" {
			// What the keys would be, nobody knows.
			return append(checks, steps.NotChecked("all else", "the configuration cannot be read"))
		}
		wrong[p.Key] = true
	}
	c := loaded.Config
	setup := doctor.Setup{Wrong: wrong, DatabasePath: c.DatabasePath}
	sockets, running, asked := socketChecks(ctx, dial, c, wrong)
	checks = append(checks, userCheck(running, asked))
	if running != nil {
		setup.DaemonPID = running.PID
	}
	database, records, err := databaseChecks(ctx, c, wrong, patience)
	setup.Records, setup.Unread = records, err
	host := steps.NewHost(stepsSettings(c), nil)
	checks = append(checks, doctor.Checks(ctx, host, setup)...)
	checks = append(checks, archiveCheck(ctx, host, c, wrong)...)
	checks = append(checks, retentionCheck(c, wrong))
	checks = append(checks, trustCheck(c, wrong))
	return append(append(checks, database...), sockets...)
}

// userCheck says whose rights count for what may be read and written.
func userCheck(running *runningDaemon, asked bool) api.Check {
	const about = "user"
	own := os.Geteuid()
	name := fmt.Sprintf("%s (%d)", disk.UserName(own), own)
	switch {
	case !asked:
		return api.Check{About: about, Unknown: true, Detail: "looked at with the rights of " + name + "; as whom the " +
			"daemon runs cannot be asked: run this as that user, or as root"}
	case running == nil:
		return steps.NewCheck(about, nil, "looked at with the rights of "+name+"; no daemon runs that might have others")
	case running.UID != own:
		other := disk.UserName(running.UID)
		return api.Check{About: about, Unknown: true,
			Detail: fmt.Sprintf("the daemon runs as %s (%d), and this as %s: for what the daemon may read and write, run sudo -u "+
				"'%s' %s doctor", other, running.UID, name, other, program)}
	}
	return steps.NewCheck(about, nil, "looked at with the rights of "+name+", whom the daemon runs as too")
}
