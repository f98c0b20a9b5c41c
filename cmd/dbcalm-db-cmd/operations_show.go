package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/steps/printable"
)

func operationsShowCommand(c *conversation) *cobra.Command {
	var asJSON bool
	var graph string
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show everything known of an operation",
		Long: `Show an operation: every transition with its time and reason, every command
line with its exit code, and the error. --graph draws its machine instead, with
the path it took and when.
` + abbreviation,
		Args:              oneID(operationAdvice),
		ValidArgsFunction: once(c.completeOperation(anyOperation)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, id, err := c.findOperation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			view, err := ask(cmd.Context(), func(ctx context.Context) (api.OperationView, error) {
				return d.Operation(ctx, id)
			})
			switch {
			case err != nil:
				return err
			case graph != "":
				drawing, err := drawOperation(view, graph)
				if err != nil {
					return exitWith(exitUsage, err)
				}
				return c.screen.Print(printable.Text(drawing))
			case asJSON:
				return c.screen.JSON(view)
			}
			return c.screen.Print(operationText(c, view))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&graph, "graph", "", "draw the machine as `FORMAT`: mermaid, dot or svg")
	completeFlag(cmd, "graph", []string{"mermaid", "dot", "svg"})
	return cmd
}

func operationText(c *conversation, view api.OperationView) string {
	sections := []string{
		headText(c, view), screen.Timeline(view, c.screen.Now()), transitionsText(view.Transitions), programsText(c.screen, view),
	}
	if view.Error != "" {
		sections = append(sections, c.screen.Paint(screen.Red, "Error")+"\n"+human.Indent(view.Error, "  "))
	}
	var shown []string
	for _, section := range sections {
		if section != "" {
			shown = append(shown, section)
		}
	}
	return strings.Join(shown, "\n")
}

func headText(c *conversation, view api.OperationView) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, human.OneLine(value))
		}
	}
	line("Operation", view.ID)
	line("Machine", view.Machine)
	line("Backup", view.Backup)
	line("Arguments", argumentsText(view.Args))
	fmt.Fprintf(&b, "%-10s %s\n", "Status", c.screen.Status(human.OneLine(view.Status)))
	line("State", view.State)
	if view.Progress != nil && view.Progress.DoneBytes > 0 {
		line("Progress", screen.Progress(view.Progress))
	}
	line("Attempt", strconv.Itoa(view.Attempt))
	if view.AskedBy != nil {
		line("Asked by", view.AskedBy.String())
	}
	line("Created", human.Stamp(view.CreatedAt))
	if view.StartedAt != nil {
		line("Started", human.Stamp(*view.StartedAt))
	}
	if view.FinishedAt != nil {
		line("Finished", human.Stamp(*view.FinishedAt))
	}
	line("Took", human.Span(c.screen.Took(view.OperationSummary)))
	if view.Cancellable {
		line("Cancel", c.commandLine("operations", "cancel", view.ID))
	}
	return b.String()
}

func argumentsText(args api.Args) string {
	var parts []string
	part := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	part("id", args.ID)
	part("from_backup_id", args.FromBackupID)
	if args.ScheduleID != nil {
		part("schedule_id", strconv.FormatInt(*args.ScheduleID, 10))
	}
	part("id_list", strings.Join(args.IDList, ","))
	part("target", args.Target)
	part("tmp_dir", args.TmpDir)
	return strings.Join(parts, " ")
}

func transitionsText(transitions []api.TransitionView) string {
	if len(transitions) == 0 {
		return ""
	}
	t := screen.Table{Header: []string{"SEQ", "WHEN", "FROM", "EVENT", "TO", "ATTEMPT", "REASON"}, Right: []int{0, 5}, Indent: "  "}
	for _, tr := range transitions {
		t.Add(strconv.FormatInt(tr.Seq, 10), tr.At.UTC().Format("2006-01-02 15:04:05.000Z"),
			tr.From, tr.Event, tr.To, strconv.Itoa(tr.Attempt), tr.Reason)
	}
	return "Transitions\n" + t.String()
}

// drawOperation draws the machine of an operation, as it was when the
// operation began, with its path: mermaid, dot (Graphviz) or svg.
func drawOperation(view api.OperationView, format string) (string, error) {
	path := definition.Path{At: view.State,
		Broken: view.Status == api.StatusFailed || view.Status == api.StatusCancelled}
	for _, t := range view.Transitions {
		path.Passages = append(path.Passages, definition.Passage{From: t.From, To: t.To, At: t.At})
	}
	return definition.Draw(view.Definition, path, format)
}
