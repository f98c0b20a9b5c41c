package main

import (
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/testkit"
)

func TestPlansAreTold(t *testing.T) {
	t.Parallel()
	plan := api.Plan{
		Checks: []api.Check{{About: "backup full-1", OK: true, Detail: "its files are there"}, {About: "room", Detail: "not " +
			"enough room\nfor it: use a larger disk"}},
		Chain: []steps.PlanLink{{ID: "full-1", StoredBytes: 1 << 30, PlainBytes: 3 << 30, AllocatedBytes: 2 << 30, ToLSN: 1_000_000,
			Server: "10.11.6-MariaDB", Tool: "mariabackup 10.11.6",
			StartTime: samples.At(0)}},
		Result: "into /var/lib/mysql, as a whole", Commands: []string{"mariadb-backup --prepare --target-dir=/x/OPERATION/0"},
	}
	for name, args := range map[string][]string{
		"restore":     {"restore", "full-1", "--target", "database", "--plan"},
		"full":        {"backup", "full", "new", "--plan"},
		"incremental": {"backup", "incremental", "new", "--from", "full-1", "--plan"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDaemon{plan: plan, backups: samples.Backups()}
			in := newInvocation(t, d)
			in.expect(t, exitFailed, append(args, "--socket", "/x")...)
			testkit.Golden(t, "plan/would_not_go.txt", in.stdout.String()+"-- stderr\n"+in.stderr.String())
			if _, planned := d.asked[len(d.asked)-1].(askedPlan); !planned {
				t.Errorf("asked %v", d.asked)
			}
		})
	}
	goes := plan
	goes.Goes, goes.Checks = true, plan.Checks[:1]
	in := newInvocation(t, &fakeDaemon{plan: goes})
	in.expect(t, exitOK, "backup", "full", "new", "--plan", "--socket", "/x")
	in = newInvocation(t, &fakeDaemon{err: refusal})
	in.expect(t, exitRefused, "backup", "full", "new", "--plan", "--socket", "/x")
}
