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
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/disk"
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

func (c *conversation) planBackup(ctx context.Context, request api.BackupRequest, o planOptions) error {
	d, err := c.connect()
	if err != nil {
		return err
	}
	plan, err := ask(ctx, func(ctx context.Context) (api.Plan, error) { return d.PlanBackup(ctx, request) })
	if err != nil {
		return err
	}
	return c.tellPlan(plan, o)
}

func (c *conversation) planRestore(ctx context.Context, wanted restoreWish, o planOptions) error {
	d, err := c.connect()
	if err != nil {
		return err
	}
	plan, err := ask(ctx, func(ctx context.Context) (api.Plan, error) {
		r, err := wanted.resolve(ctx, d)
		if err != nil {
			return api.Plan{}, err
		}
		return d.PlanRestore(ctx, r)
	})
	if err != nil {
		return err
	}
	return c.tellPlan(plan, o)
}

// tellPlan prints a plan; one that would not go is an error.
func (c *conversation) tellPlan(plan api.Plan, o planOptions) error {
	tell := func() error { return c.screen.Print(planText(c.screen, plan)) }
	if o.json {
		tell = func() error { return c.screen.JSON(plan) }
	}
	if err := tell(); err != nil {
		return err
	}
	if !plan.Goes {
		return exitWith(exitFailed, errors.New("it would not go: see what is marked ✗"))
	}
	return nil
}

func planText(s *screen.Screen, plan api.Plan) string {
	sections := []string{checksText(s, plan.Checks)}
	if len(plan.Chain) > 0 {
		t := screen.Table{
			Header: []string{"BACKUP", "STORED", "RESTORED", "FROM LSN", "TO LSN", "WHEN", "SERVER", "TOOL"},
			Right:  []int{1, 2, 3, 4}, Indent: "  ",
		}
		for _, l := range plan.Chain {
			t.Add(l.ID, human.Bytes(l.StoredBytes), restoredSize(l.PlainBytes, l.AllocatedBytes), strconv.FormatUint(l.FromLSN, 10),
				strconv.FormatUint(l.ToLSN, 10), human.Stamp(l.StartTime), l.Server, l.Tool)
		}
		sections = append(sections, "Chain\n"+t.String())
	}
	if plan.Replay != nil {
		sections = append(sections, "Moment\n"+human.Indent(replayText(plan.Replay), "  "))
	}
	if plan.Result != "" {
		sections = append(sections, "Result\n  "+human.OneLine(plan.Result)+"\n")
	}
	if len(plan.Commands) > 0 {
		sections = append(sections, "Programs\n"+human.Indent(strings.Join(plan.Commands, "\n"), "  "))
	}
	return strings.Join(sections, "\n")
}

// replayText says between which transactions the moment lies.
func replayText(p *archive.Plan) string {
	var b strings.Builder
	tell := func(what string, t *archive.Transaction, none string) {
		if t == nil {
			fmt.Fprintf(&b, "%-15s %s\n", what, none)
			return
		}
		fmt.Fprintf(&b, "%-15s %s  %s UTC  %s\n", what, t.GTID, t.Time.Format(time.DateTime),
			human.OneLine(strings.TrimSpace(strings.Join(t.Tables, ", ")+" "+t.Query)))
	}
	tell("last kept", p.Last, "none: the backup is of that moment")
	tell("first left out", p.Next, "none: all that the archive has is kept")
	fmt.Fprintf(&b, "%-15s %s, %s of binary log, up to GTID %s\n", "to replay",
		disk.Count(p.Transactions, "transaction"), human.Bytes(p.Size), p.GTID)
	took := "not known before a first one has been done"
	if p.Seconds > 0 {
		took = "about " + time.Duration(p.Seconds*float64(time.Second)).Round(time.Second).String() + ", as fast as the last one"
	}
	fmt.Fprintf(&b, "%-15s %s", "takes", took)
	return b.String()
}

// restoredSize is what a link takes on the disk, and both where the files have
// holes.
func restoredSize(plainBytes, allocatedBytes int64) string {
	plain := human.Bytes(plainBytes)
	if allocated := human.Bytes(allocatedBytes); allocatedBytes > 0 && allocated != plain {
		return allocated + " (" + plain + " with holes)"
	}
	return plain
}

// checksText lists what was looked at, with what to do where it is not in
// order.
func checksText(s *screen.Screen, checks []api.Check) string {
	var b strings.Builder
	for _, f := range checks {
		mark := s.Paint(screen.Red, "✗")
		switch {
		case f.OK:
			mark = s.Paint(screen.Green, "✓")
		case f.Unknown:
			mark = s.Paint(screen.Yellow, "?")
		case f.Note:
			mark = "•"
		}
		fmt.Fprintf(&b, "%s %-15s %s\n", mark, f.About, strings.ReplaceAll(printable.Text(f.Detail), "\n", "\n"+strings.Repeat(" ", 18)))
	}
	return b.String()
}
