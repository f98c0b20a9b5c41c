package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/printable"
)

func (a *app) operationsShowCommand() *cobra.Command {
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
		ValidArgsFunction: once(a.completeOperation(anyOperation)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, id, err := a.findOperation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			view, err := ask(cmd.Context(), func(ctx context.Context) (machine.OperationView, error) {
				return d.Operation(ctx, id)
			})
			switch {
			case err != nil:
				return err
			case graph != "":
				drawing, err := machine.DrawOperation(view, graph)
				if err != nil {
					return exitWith(exitUsage, err)
				}
				return a.print(printable.Text(drawing))
			case asJSON:
				return a.printJSON(view)
			}
			return a.print(a.operationText(view))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&graph, "graph", "", "draw the machine as `FORMAT`: mermaid, dot or svg")
	completeFlag(cmd, "graph", []string{"mermaid", "dot", "svg"})
	return cmd
}

func (a *app) operationText(view machine.OperationView) string {
	sections := []string{a.headText(view), timelineText(view, a.now()), transitionsText(view.Transitions), a.programsText(view)}
	if view.Error != "" {
		sections = append(sections, a.paint(red, "Error")+"\n"+indent(view.Error, "  "))
	}
	var shown []string
	for _, section := range sections {
		if section != "" {
			shown = append(shown, section)
		}
	}
	return strings.Join(shown, "\n")
}

func (a *app) headText(view machine.OperationView) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, oneLine(value))
		}
	}
	line("Operation", view.ID)
	line("Machine", view.Machine)
	line("Backup", view.Backup)
	line("Arguments", argumentsText(view.Args))
	fmt.Fprintf(&b, "%-10s %s\n", "Status", a.status(oneLine(view.Status)))
	line("State", view.State)
	if view.Progress != nil && view.Progress.DoneBytes > 0 {
		line("Progress", progressText(view.Progress))
	}
	line("Attempt", strconv.Itoa(view.Attempt))
	if view.AskedBy != nil {
		line("Asked by", view.AskedBy.String())
	}
	line("Created", stamp(view.CreatedAt))
	if view.StartedAt != nil {
		line("Started", stamp(*view.StartedAt))
	}
	if view.FinishedAt != nil {
		line("Finished", stamp(*view.FinishedAt))
	}
	line("Took", span(a.took(view.OperationSummary)))
	if view.Cancellable {
		line("Cancel", a.commandLine("operations", "cancel", view.ID))
	}
	return b.String()
}

func argumentsText(args machine.Args) string {
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

func transitionsText(transitions []machine.TransitionView) string {
	if len(transitions) == 0 {
		return ""
	}
	t := table{header: []string{"SEQ", "WHEN", "FROM", "EVENT", "TO", "ATTEMPT", "REASON"}, right: []int{0, 5}, indent: "  "}
	for _, tr := range transitions {
		t.add(strconv.FormatInt(tr.Seq, 10), tr.At.UTC().Format("2006-01-02 15:04:05.000Z"),
			tr.From, tr.Event, tr.To, strconv.Itoa(tr.Attempt), tr.Reason)
	}
	return "Transitions\n" + t.String()
}
