package main

import (
	"strings"
	"testing"
)

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"bogus":                                  `unknown command "bogus" (see dbcalm-db-cmd --help)`,
		"oprations":                              `did you mean operations?`,
		"--nonsense":                             `unknown flag: --nonsense`,
		"serve now":                              `unknown command "now"`,
		"version now":                            `see dbcalm-db-cmd version --help`,
		"config":                                 `say what to do with config: check`,
		"config check it":                        `see dbcalm-db-cmd config check --help`,
		"machine":                                `list, show or graph`,
		"machine draw":                           `unknown command "draw" for "dbcalm-db-cmd machine"`,
		"machine show":                           `name a machine: `,
		"machine show a b":                       `name one machine, not 2`,
		"machine show no_such":                   `unknown machine "no_such": use one of `,
		"machine graph full_backup --format":     `flag needs an argument`,
		"machine graph full_backup --format svg": `unknown format "svg": use mermaid or dot`,
		"operations":                             `say what to do with operations: list, show, watch, logs, cancel or retry`,
		"operations list x":                      `unknown command "x"`,
		"operations list --limit 0":              `--limit 0: use 1 to 1000`,
		"operations list --limit 1001":           `--limit 1001: use 1 to 1000`,
		"operations list --limit many":           `invalid argument "many"`,
		"operations show":                        `name an operation`,
		"operations show a b":                    `name an operation`,
		"operations cancel":                      `name an operation`,
		"operations retry":                       `name an operation`,
		"backups":                                `list, show, verify, rebuild, prune or delete`,
		"backups delete":                         `name the backup to delete`,
		"backup":                                 `full or incremental`,
		"backup full":                            `name the new backup`,
		"backup full a --schedule-id x":          `invalid argument "x"`,
		"backup full a --from b":                 `unknown flag: --from`,
		"backup incremental a":                   `required flag(s) "from" not set`,
		"restore":                                `name the backup to restore`,
		"restore a":                              `required flag(s) "target" not set`,
		"restore a --target elsewhere":           `unknown target "elsewhere": use database or folder`,
		"restore a b --target folder":            `name the backup to restore`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			in := newInvocation(t, nil)
			in.expect(t, exitUsage, strings.Fields(line)...)
			contains(t, "stderr", in.stderr.String(), "dbcalm-db-cmd: ", says, "--help")
			if in.stdout.Len() > 0 {
				t.Errorf("stdout: %s", &in.stdout)
			}
		})
	}
}
