package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
)

// backupDetails is all that is known of one backup.
type backupDetails struct {
	api.BackupView
	// Chain are the backups that a restore of this one takes, the full one first;
	// empty where the chain is broken, which the problem tells.
	Chain []string `json:"chain"`
	// StoodOnBy are those that stand directly on it.
	StoodOnBy []string `json:"stood_on_by"`
}

func backupsShowCommand(c *conversation) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show everything known of a backup",
		Long: `Show a backup: how it is stored, its chain, the server and the tool it is of,
how it was proved, and where the server's binary log was at that moment, with
the statements that make a replica of a server on which it is restored.`,
		Args:              oneID("name the backup to show: one ID of backups list"),
		ValidArgsFunction: once(c.completeBackup(false)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := c.connect()
			if err != nil {
				return err
			}
			backups, err := ask(cmd.Context(), d.Backups)
			if err != nil {
				return err
			}
			details, err := detailsOf(backups, args[0])
			switch {
			case err != nil:
				return err
			case asJSON:
				return c.screen.JSON(details)
			}
			return c.screen.Print(detailsText(c, details))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func detailsOf(backups []api.BackupView, id string) (backupDetails, error) {
	i := slices.IndexFunc(backups, func(b api.BackupView) bool { return b.ID == id })
	if i < 0 {
		return backupDetails{}, exitWith(exitFailed, fmt.Errorf("there is no backup %s: see backups list", id))
	}
	details := backupDetails{BackupView: backups[i], Chain: []string{}, StoodOnBy: []string{}}
	chains := screen.NewChains(backups)
	if links, end := chains.Walk(id); end == screen.AtFull {
		details.Chain = links
	}
	for _, b := range chains.Above(id) {
		details.StoodOnBy = append(details.StoodOnBy, b.ID)
	}
	return details, nil
}

func detailsText(c *conversation, d backupDetails) string {
	var text strings.Builder
	line := func(name, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(&text, "%-11s %s\n", name, human.OneLine(value))
		}
	}
	b := d.BackupView
	line("Backup", b.ID)
	line("Kind", kind(b))
	line("Stands on", b.FromBackupID)
	line("Chain", strings.Join(d.Chain, " "))
	line("Stood on by", strings.Join(d.StoodOnBy, " "))
	if b.ScheduleID != nil {
		line("Schedule", strconv.FormatInt(*b.ScheduleID, 10))
	}
	line("Form", form(b))
	line("Data", size(b.DataSize))
	line("Stored", size(b.Size))
	if b.ToLSN != 0 {
		line("LSNs", fmt.Sprintf("%d to %d", b.FromLSN, b.ToLSN))
	}
	line("Began", human.Stamp(b.StartTime))
	if b.EndTime != nil {
		line("Ended", human.Stamp(*b.EndTime))
	}
	line("Took", backupTook(b))
	line("Server", b.ServerVersion)
	line("Tool", b.Tool)
	line("Operation", b.Operation)
	line("Verified", lastProof(b))
	if b.Problem != "" {
		line("Problem", c.screen.Paint(screen.Red, human.OneLine(b.Problem)))
	}
	if b.Binlog == nil {
		return text.String()
	}
	line("Binary log", fmt.Sprintf("%s at %d", b.Binlog.File, b.Binlog.Position))
	line("GTID", b.Binlog.GTID)
	text.WriteString("\nA replica, on a server on which it was restored\n")
	for _, statement := range b.Binlog.Replica {
		text.WriteString("  " + human.OneLine(statement) + "\n")
	}
	return text.String()
}
