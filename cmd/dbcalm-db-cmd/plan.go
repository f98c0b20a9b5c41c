package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/printable"
)

// planOptions are the flags of a plan.
type planOptions struct{ wanted, json bool }

// plans gives a command that starts an operation its --plan.
func plans(cmd *cobra.Command, o *planOptions) *cobra.Command {
	cmd.Flags().BoolVar(&o.wanted, "plan", false, "start nothing: say what would happen and all that stands in the way")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the plan as JSON")
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if o.json && !o.wanted {
			return errors.New("--json is about a plan: give --plan too, or leave it out")
		}
		return check(cmd, args)
	}
	return cmd
}

func (a *app) planBackup(ctx context.Context, request machine.BackupRequest, o planOptions) error {
	d, err := a.connect()
	if err != nil {
		return err
	}
	plan, err := ask(ctx, func(ctx context.Context) (machine.Plan, error) { return d.PlanBackup(ctx, request) })
	if err != nil {
		return err
	}
	return a.tellPlan(plan, o)
}

func (a *app) planRestore(ctx context.Context, id string, target machine.Target, o planOptions) error {
	d, err := a.connect()
	if err != nil {
		return err
	}
	plan, err := ask(ctx, func(ctx context.Context) (machine.Plan, error) {
		ids, err := findChain(ctx, d, id)
		if err != nil {
			return machine.Plan{}, err
		}
		return d.PlanRestore(ctx, machine.RestoreRequest{IDList: ids, Target: target})
	})
	if err != nil {
		return err
	}
	return a.tellPlan(plan, o)
}

// tellPlan prints a plan; one that would not go is an error.
func (a *app) tellPlan(plan machine.Plan, o planOptions) error {
	tell := func() error { return a.print(a.planText(plan)) }
	if o.json {
		tell = func() error { return a.printJSON(plan) }
	}
	if err := tell(); err != nil {
		return err
	}
	if !plan.Goes {
		return exitWith(exitFailed, errors.New("it would not go: see what is marked ✗"))
	}
	return nil
}

func (a *app) planText(plan machine.Plan) string {
	sections := []string{a.checksText(plan.Checks)}
	if len(plan.Chain) > 0 {
		t := table{header: []string{"BACKUP", "STORED", "RESTORED", "FROM LSN", "TO LSN", "WHEN", "SERVER", "TOOL"}, right: []int{1, 2, 3, 4}, indent: "  "}
		for _, l := range plan.Chain {
			t.add(l.ID, byteSize(l.StoredBytes).readable(), byteSize(l.PlainBytes).readable(), strconv.FormatUint(l.FromLSN, 10),
				strconv.FormatUint(l.ToLSN, 10), stamp(l.StartTime), l.Server, l.Tool)
		}
		sections = append(sections, "Chain\n"+t.String())
	}
	if plan.Result != "" {
		sections = append(sections, "Result\n  "+oneLine(plan.Result)+"\n")
	}
	if len(plan.Commands) > 0 {
		sections = append(sections, "Programs\n"+indent(strings.Join(plan.Commands, "\n"), "  "))
	}
	return strings.Join(sections, "\n")
}

// checksText lists what was looked at, with what to do where it is not in
// order.
func (a *app) checksText(checks []machine.Check) string {
	var b strings.Builder
	for _, f := range checks {
		mark := a.paint(red, "✗")
		switch {
		case f.OK:
			mark = a.paint(green, "✓")
		case f.Unknown:
			mark = a.paint(yellow, "?")
		case f.Note:
			mark = "•"
		}
		fmt.Fprintf(&b, "%s %-15s %s\n", mark, f.About, strings.ReplaceAll(printable.Text(f.Detail), "\n", "\n"+strings.Repeat(" ", 18)))
	}
	return b.String()
}
