package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
)

// withoutTable lists the commands that print no table, each with what they
// print.
var withoutTable = map[string]string{
	"backups delete":    "a sentence",
	"backups verify":    "an operation's id, and its states",
	"config example":    "a file",
	"machine graph":     "a drawing",
	"machine show":      "a file",
	"operations cancel": "a sentence",
	"archive verify":    "a line; problems as they are found",
	"operations logs":   "what programs have printed",
	"operations retry":  "a sentence",
	"operations watch":  "states as they pass; operations show --json tells the same for programs",
	"serve":             "its log",
	"version":           "a line",
}

func TestWhatPrintsATablePrintsJSON(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	walk(newInvocation(t, nil).rootCommand(), func(cmd *cobra.Command) {
		name := strings.TrimPrefix(cmd.CommandPath(), program+" ")
		seen[name] = true
		_, exempt := withoutTable[name]
		if has := cmd.Flags().Lookup("json") != nil; !cmd.HasSubCommands() && has == exempt {
			t.Errorf("%s has --json: %v; a command without it is listed above with what it prints", name, has)
		}
	})
	for name := range withoutTable {
		if !seen[name] {
			t.Errorf("there is no command %s", name)
		}
	}
}

// walk visits every command of ours that is not hidden.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	if cmd.Hidden {
		return
	}
	visit(cmd)
	for _, child := range cmd.Commands() {
		walk(child, visit)
	}
}

func TestMachineListAsJSON(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "machine", "list", "--json")
	var views []machineView
	if err := json.Unmarshal(in.stdout.Bytes(), &views); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range views {
		names = append(names, v.Machine)
		if v.Summary == "" {
			t.Errorf("%s has no summary", v.Machine)
		}
	}
	if !slices.Equal(names, definition.Names()) {
		t.Errorf("got %v", names)
	}
}

func TestPlanAsJSON(t *testing.T) {
	t.Parallel()
	plan := api.Plan{Checks: []api.Check{{About: "room", Detail: "not enough"}}, Result: "into /var/lib/mysql"}
	for _, args := range [][]string{
		{"restore", "full-1", "--target", "database"},
		{"backup", "full", "new"},
		{"backup", "incremental", "new", "--from", "full-1"},
	} {
		in := newInvocation(t, &fakeDaemon{plan: plan, backups: samples.Backups()})
		in.expect(t, exitFailed, append(args, "--plan", "--json", "--socket", "/x")...)
		var got api.Plan
		if err := json.Unmarshal(in.stdout.Bytes(), &got); err != nil || len(got.Checks) != 1 || got.Result != plan.Result {
			t.Errorf("%q: %v\n%s", args, err, &in.stdout)
		}
		in = newInvocation(t, nil)
		in.expect(t, exitUsage, append(args, "--json")...)
		contains(t, "stderr", in.stderr.String(), "--json is about a plan: give --plan too, or leave it out")
	}
}
