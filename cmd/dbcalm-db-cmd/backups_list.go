package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/disk"
)

func backupsListCommand(c *conversation) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the backups, each chain as a tree",
		Long: `List the backups, oldest first, each incremental below the backup it stands on.
FORM is how a backup is stored: as a directory of files, the files compressed
with gzip or zstd, as a stream, or forwarded. DATA is what it holds, and STORED
what that takes there. SERVER is the version of the server it was taken of.
WHEN is when the backup began, in UTC; LSNs are the server's log sequence
numbers that it covers. VERIFIED is the highest level at which it was ever
proved, and the day it last was.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := c.connect()
			if err != nil {
				return err
			}
			backups, err := ask(cmd.Context(), d.Backups)
			switch {
			case err != nil:
				return err
			case asJSON:
				return c.screen.JSON(notNil(backups))
			case len(backups) == 0:
				return c.screen.Print("No backups yet.\n")
			}
			return c.screen.Print(backupsText(backups))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func backupsText(backups []api.BackupView) string {
	t := screen.Table{
		Header: []string{"BACKUP", "KIND", "FORM", "DATA", "STORED", "FROM LSN", "TO LSN", "WHEN", "TOOK", "SERVER", "VERIFIED", "PROBLEM"},
		Right:  []int{3, 4, 5, 6},
	}
	var bytes int64
	chains, troubled := 0, false
	for _, row := range screen.NewChains(backups).Forest() {
		b := row.Backup
		if row.Root {
			chains++
		}
		if b.Size != nil {
			bytes += *b.Size
		}
		problem := row.Problem()
		troubled = troubled || problem != ""
		t.Add(row.Branch+b.ID, kind(b), form(b), size(b.DataSize), size(b.Size), lsn(b, b.FromLSN), lsn(b, b.ToLSN),
			human.Stamp(b.StartTime), backupTook(b), serverVersion(b), lastProof(b), problem)
	}
	if !troubled {
		t.DropLast()
	}
	return t.String() + "\n" + strings.Join([]string{
		disk.Count(len(backups), "backup"), disk.Count(chains, "chain"), human.Bytes(bytes),
	}, ", ") + "\n"
}

func lastProof(b api.BackupView) string {
	if b.Verified == nil {
		return "-"
	}
	return string(b.Verified.Level) + " " + b.Verified.At.UTC().Format(time.DateOnly)
}

func kind(b api.BackupView) string {
	if b.FromBackupID == "" {
		return "full"
	}
	return "incremental"
}

func form(b api.BackupView) string {
	if b.Form == "" {
		return "-"
	}
	return b.Form
}

func size(bytes *int64) string {
	if bytes == nil {
		return "-"
	}
	return human.Bytes(*bytes)
}

// serverVersion leaves out of a version what says how the package was built.
func serverVersion(b api.BackupView) string {
	parts := strings.SplitN(b.ServerVersion, "-", 3)
	if b.ServerVersion == "" {
		return "-"
	}
	return strings.Join(parts[:min(2, len(parts))], "-")
}

// lsn is one end of what a backup covers; a backup that covers nothing does
// not tell.
func lsn(b api.BackupView, number uint64) string {
	if b.ToLSN == 0 {
		return "-"
	}
	return strconv.FormatUint(number, 10)
}

func backupTook(b api.BackupView) string {
	if b.EndTime == nil {
		return "-"
	}
	return human.Span(max(time.Duration(0), b.EndTime.Sub(b.StartTime)))
}
