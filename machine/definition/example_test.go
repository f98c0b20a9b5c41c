package definition_test

import (
	"fmt"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/steps"
)

// A daemon reads and checks every machine before it does anything else.
func ExampleLoadAll() {
	registry := steps.NewHost(steps.Settings{}, nil).Steps()
	machines, err := definition.LoadAll(registry)
	if err != nil {
		fmt.Println(err)
		return
	}
	d := machines["delete_backup"]
	fmt.Println(d.Summary)
	for _, name := range d.Order() {
		if state := d.States[name]; state.Step != "" {
			fmt.Printf("%s: %s\n", name, state.Summary)
		}
	}
	// Output:
	// Removes a backup's folder and its record.
	// validate: checks that no other backup stands on this one
	// retire: moves the folder out of sight by one rename; no cancel from here on
	// erase: removes the files
	// record: removes the record from the table clients read
}

// A definition is text; what is wrong with it is said all at once.
func ExampleDefinition_Check() {
	d, err := definition.Parse(`
name: tidy
summary: Removes what is left of a backup.
process: cleanup_backups
initial: queued
states:
  queued:
    summary: accepted
    on: {start: erase}
  erase:
    summary: removes the files
    step: erase_backup
    on: {ok: done, failed: done}
    interrupted: [adopt, redo]
  done:
    summary: nothing is left
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Check(steps.NewHost(steps.Settings{}, nil).Steps()))
	// Output:
	// definition tidy: state erase adopts, but its step erase_backup starts no job: remove adopt from interrupted
	// definition tidy: state done has the unknown step ""
	// definition tidy: state done does not say where failed leads
	// definition tidy: state done has no crash policy: interrupted is missing
}
