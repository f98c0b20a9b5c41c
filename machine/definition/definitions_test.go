package definition

import (
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

func TestEmbeddedDefinitionsPass(t *testing.T) {
	t.Parallel()
	registry := steps.NewHost(steps.Settings{}, nil).Steps()
	definitions, err := LoadAll(registry)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"delete_backup", "full_backup", "incremental_backup", "restore_database", "restore_folder", "verify_backup"}
	if !slices.Equal(Names(), want) || len(definitions) != len(want) {
		t.Errorf("there are %q, want %q", Names(), want)
	}
	used := map[string]bool{}
	for _, d := range definitions {
		for _, s := range d.States {
			used[s.Step] = true
		}
		if summary, err := Summary(d.Name); err != nil || summary == "" || summary != d.Summary {
			t.Errorf("summary of %s: %q, %v", d.Name, summary, err)
		}
	}
	for name := range registry {
		if !used[name] {
			t.Errorf("no machine uses the step %s", name)
		}
	}
}

// What the states that clients and operators rely on mean, whatever else a
// definition says.
func TestEveryMachineEndsWell(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		d, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for state, status := range map[string]persistence.Status{
			"done": persistence.Succeeded, "failed": persistence.Failed, "cancelled": persistence.Cancelled, "halted": persistence.Failed,
		} {
			if s := d.States[state]; s == nil || s.End != status {
				t.Errorf("%s: state %s does not end in %s", name, state, status)
			}
		}
		for _, state := range []string{"failed", "halted"} {
			if d.States[state].On[EventRetry] == "" {
				t.Errorf("%s: nothing can be done about the state %s", name, state)
			}
		}
		if d.States[d.Initial].Cancel == "" {
			t.Errorf("%s: a waiting operation cannot be cancelled", name)
		}
	}
}

func TestSourceOfAnUnknownMachine(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nonsense", "", "../definitions/full_backup", "full_backup.yaml", `..\full_backup`} {
		if _, err := Source(name); err == nil || !strings.Contains(err.Error(), "no machine is called '"+name+"'; there are delete_backup, ") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := Summary("nonsense"); err == nil {
		t.Error("an unknown machine has a summary")
	}
}

func TestDefinitionsThatLackAStepAreRefused(t *testing.T) {
	t.Parallel()
	registry := steps.NewHost(steps.Settings{}, nil).Steps()
	delete(registry, "seal_backup")
	delete(registry, "erase_backup")
	_, err := LoadAll(registry)
	if err == nil {
		t.Fatal("not refused")
	}
	for _, want := range []string{
		`definition full_backup: state seal has the unknown step "seal_backup"`,
		`definition incremental_backup: state seal has the unknown step "seal_backup"`,
		`definition delete_backup: state erase has the unknown step "erase_backup"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not all problems are told at once: %q is missing in %v", want, err)
		}
	}
}
