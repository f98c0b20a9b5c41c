package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
)

func operationsLogsCommand(c *conversation) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:   "logs ID",
		Short: "Print all that an operation's programs have printed",
		Long: `Print all that an operation's programs have printed, those that run now and,
for keep_logs_days, those that have ended.
` + abbreviation,
		Args:              oneID(operationAdvice),
		ValidArgsFunction: once(c.completeOperation(anyOperation)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, id, err := c.findOperation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			printer := logPrinter{screen: c.screen}
			if err := daemonError(d.Logs(cmd.Context(), id, follow, printer.print)); err != nil {
				return err
			}
			if printer.heading == "" {
				c.screen.Note("No program of this operation has printed anything.")
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the operation is over")
	return cmd
}

// logPrinter prints the pieces of a log, with a heading where another program
// begins.
type logPrinter struct {
	screen  *screen.Screen
	heading string
}

func (p *logPrinter) print(chunk api.LogChunk) error {
	if chunk.Text == "" && !chunk.Missing {
		return nil
	}
	heading := fmt.Sprintf("== %s, attempt %d", chunk.State, chunk.Attempt)
	if chunk.Output != "output.log" {
		heading += ", the command at the stream's other end"
	}
	text := printable.Text(chunk.Text)
	if chunk.Missing {
		text = "(no longer kept: see keep_logs_days)\n"
	}
	if heading != p.heading {
		p.heading = heading
		text = heading + "\n" + text
	}
	return p.screen.Print(text)
}
