package machine

import (
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/steps"
)

func TestEveryCommandHasOneMachine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(map[string]*definition.Definition)
		want  string
	}{
		"as shipped": {func(map[string]*definition.Definition) {}, ""},
		"an unknown command": {func(all map[string]*definition.Definition) { all["full_backup"].Command = "copy" },
			"definition full_backup: it is for copy, which is no command: " +
				"use one of [full_backup incremental_backup restore_backup to target folder " +
				"restore_backup to target database verify_backup delete_backup]\nno definition is for full_backup: give one that command and target"},
		"one that no request begins": {func(all map[string]*definition.Definition) {
			all["count_store"] = &definition.Definition{Name: "count_store"}
		}, ""},
		"two for one": {func(all map[string]*definition.Definition) { all["restore_folder"].Target = "database" },
			"definition restore_folder: it is for restore_backup to target database, as definition restore_database is: let only one of them be\n" +
				"no definition is for restore_backup to target folder: give one that command and target"},
		"one for two": {func(all map[string]*definition.Definition) { delete(all, "delete_backup") },
			"no definition is for delete_backup: give one that command and target"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := definition.LoadAll(steps.NewHost(steps.Settings{}, nil).Steps())
			if err != nil {
				t.Fatal(err)
			}
			test.spoil(all)
			got := ""
			machines, err := assign(all)
			if err != nil {
				got = err.Error()
			} else if d := machines[order{commandRestoreBackup, api.TargetFolder}]; len(machines) != len(orders) || d.Name != "restore_folder" {
				t.Errorf("machines: %v", machines)
			}
			if strings.TrimSpace(got) != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
