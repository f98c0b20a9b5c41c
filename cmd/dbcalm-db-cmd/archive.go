package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/disk"
)

func archiveCommand(s *screen.Screen, from *source) *cobra.Command {
	return group("archive", "Look at the archive of the server's binary log",
		archiveStatusCommand(s, from), archiveVerifyCommand(s, from))
}

// openArchive finds the archive that the configuration describes. It lies in files,
// and can be looked at while no daemon runs.
func openArchive(from *source) (*archive.Archive, error) {
	loaded := from.load()
	for _, p := range loaded.Problems {
		if p.Key == "" || p.Key == "backup_dir" || p.Key == "state_dir" {
			return nil, exitWith(exitConfig, fmt.Errorf("%s", p))
		}
	}
	return archive.In(loaded.Config.BackupDir, loaded.Config.StateDir), nil
}

func archiveStatusCommand(s *screen.Screen, from *source) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say which moments can be restored, and how far the archive is behind",
		Long: `Say what the collector does, and list the ranges of the archive: a backup that was
taken in one can be brought to any moment after that in the same range. Where a
range ends and the next begins, something is missing, or the server's history
began anew. No daemon is needed; give it as root or the daemon's user.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := openArchive(from)
			if err != nil {
				return err
			}
			report, err := a.Report()
			switch {
			case err != nil:
				return err
			case asJSON:
				return s.JSON(report)
			}
			return s.Print(archiveText(report))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func archiveText(r archive.Report) string {
	var b strings.Builder
	if c := r.Collector; c == nil {
		b.WriteString("No collector has run: set archive: true and start the daemon.\n")
	} else {
		fmt.Fprintf(&b, "Collector  %s since %s: %s\n", c.State, human.Stamp(c.Since), human.OneLine(c.Reason))
		fmt.Fprintf(&b, "           told at %s, %.1f s behind then\n", human.Stamp(r.Told), c.Lag)
		if c.Warning != "" {
			fmt.Fprintf(&b, "problem: %s\n", human.OneLine(c.Warning))
		}
	}
	fmt.Fprintf(&b, "Store      %s, %s\n", disk.Count(r.Segments, "segment"), human.Bytes(r.Stored))
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem: %s\n", human.OneLine(p))
	}
	if len(r.Ranges) == 0 {
		return b.String()
	}
	t := screen.Table{Header: []string{"EPOCH", "FROM", "TO", "GTID", "TRANSACTIONS", "SIZE", "BEGINS"}, Right: []int{0, 4, 5}}
	for _, g := range r.Ranges {
		from, to := "-", "-"
		if g.Transactions > 0 {
			from, to = stampSeconds(g.From), stampSeconds(g.To)
		}
		t.Add(strconv.Itoa(g.Epoch), from, to, g.ToGTID, strconv.Itoa(g.Transactions), human.Bytes(g.Stored), human.OneLine(g.Begins))
	}
	return b.String() + "\n" + t.String()
}

func stampSeconds(at time.Time) string { return at.UTC().Format(time.DateTime) }

func archiveVerifyCommand(s *screen.Screen, from *source) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Compare every byte of the archive with what was written",
		Long: `Read every segment of the archive, compare its SHA-256 and its transactions with
its manifest, and the manifests with each other, back from the one that state_dir
knows. Exit code 0 if all of it is whole.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := openArchive(from)
			if err != nil {
				return err
			}
			return verifyArchive(cmd.Context(), s, a)
		},
	}
}

func verifyArchive(ctx context.Context, s *screen.Screen, a *archive.Archive) error {
	problems := 0
	whole, err := a.Verify(ctx, func(problem string) {
		problems++
		s.Note("%s", problem)
	})
	switch {
	case errors.Is(err, context.Canceled):
		return exitWith(exitInterrupted, errors.New("interrupted before everything had been read"))
	case err != nil:
		return err
	case problems > 0:
		return exitWith(exitFailed, fmt.Errorf("%s in the archive: what needs it cannot be restored; take a full backup now",
			disk.Count(problems, "problem")))
	}
	return s.Print(disk.Count(whole, "segment") + ", all whole\n")
}
