package machine

import (
	"fmt"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/testkit"
)

// One row that cannot be read costs its own operation and no other.
func TestUnreadableRowsStopTheirOperationsOnly(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.options.MaxConcurrent = 8
	w.start()
	w.closeGate()
	spoilt := map[string]string{
		`definition = 'no hash'`: "the definition that it began with is lost",
		`args = '{'`:             "read arguments of operation",
		`data = '[]'`:            "read data of operation",
		`state = 'nowhere'`:      `its machine has no state "nowhere"`,
		`definition = (SELECT hash FROM operation_definition WHERE text LIKE '%: validated_by_nobody%')`: "validated_by_nobody",
	}
	db := w.ledger()
	odd := strings.Replace(w.source("restore_folder"), "validate_restore", "validated_by_nobody", 1)
	if _, err := db.ExecContext(t.Context(), `INSERT INTO operation_definition (hash, text) VALUES ('odd', ?)`, odd); err != nil {
		t.Fatal(err)
	}
	operations := map[string]string{}
	for set := range spoilt {
		operations[set] = w.restore("full")
	}
	good := w.restore("full")
	jobs := map[string]persistence.Job{}
	for _, id := range append(values(operations), good) {
		w.works(id, "prepare")
		jobs[id] = w.job(id)
	}
	w.Stop()
	for set, id := range operations {
		w.exec(db, fmt.Sprintf(`UPDATE operation SET %s WHERE id = '%s'`, set, id))
	}
	w.start()
	for set, id := range operations {
		o, err := w.Store.Operation(t.Context(), id)
		if err != nil || o.Status != persistence.Failed || !strings.Contains(o.Error, spoilt[set]) || !strings.Contains(o.Error, "given up") {
			t.Errorf("%s: %s in %s: %s, %v", set, o.Status, o.State, o.Error, err)
		}
		w.gone(jobs[id])
	}
	w.pass("ok")
	w.ends(good, persistence.Succeeded)
}

// What a row says is not run if the configuration does not say it too.
func TestToolOfARowIsNotRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["stage_chain"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	id := w.restore("full")
	<-begun
	w.exec(w.ledger(), `UPDATE operation SET data = json_set(data, '$.tool.path', '/tmp/evil') WHERE id = '`+id+`'`)
	w.Stop()
	delete(w.replace, "stage_chain")
	w.start()
	v := w.ends(id, persistence.Succeeded)
	if last := v.Processes[len(v.Processes)-1]; !strings.HasPrefix(last.Command, w.host.Tool.Bin+" ") {
		t.Errorf("it ran %s", last.Command)
	}
}

func values(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}
