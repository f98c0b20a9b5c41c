package persistence

import (
	"testing"
)

func TestNewestProcessRowRunsUntilTheOperationIsOver(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	job, err := d.BeginJob(t.Context(), o, Job{State: o.State, Attempt: 1, Folder: "/f"}, program(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"seal", "publish", "record"} {
		o = d.apply(step(o, "ok", to, func(c *Change) { c.JobID = job.ID }))
		if row := d.newest("op"); row.Status != "running" || row.EndTime != nil {
			t.Errorf("in %s: %+v", to, row)
		}
	}
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status = Succeeded }))
	if row := d.newest("op"); row.Status != "success" || row.EndTime == nil || !row.EndTime.Equal(minute(5)) {
		t.Errorf("at the end: %+v", row)
	}
}

func TestEndOfTheProcessRow(t *testing.T) {
	t.Parallel()
	zero, one := pointer(int64(0)), pointer(int64(1))
	tests := []struct {
		name   string
		result *ProcessResult
		status Status
		error  string
		want   Process
	}{
		{"succeeded without a program", nil, Succeeded, "", Process{Status: "success", ReturnCode: zero}},
		{"succeeded", &ProcessResult{Output: "completed OK!", ReturnCode: zero}, Succeeded, "",
			Process{Status: "success", Output: "completed OK!", ReturnCode: zero}},
		{"succeeded after a step that had failed", &ProcessResult{Output: "text", Error: "interrupted", ReturnCode: one}, Succeeded, "",
			Process{Status: "success", Output: "text", ReturnCode: one}},
		{"failed without a program", nil, Failed, "no room", Process{Status: "failed", Error: "no room"}},
		{"failed", &ProcessResult{Output: "text", ReturnCode: one}, Failed, "exit code 1",
			Process{Status: "failed", Output: "text", Error: "exit code 1", ReturnCode: one}},
		{"the operation's error counts", &ProcessResult{Error: "interrupted"}, Failed, "given up", Process{Status: "failed", Error: "given up"}},
		{"cancelled", &ProcessResult{Output: "text"}, Cancelled, "cancelled as requested",
			Process{Status: "failed", Output: "text", Error: "cancelled as requested"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := openNew(t)
			o := d.apply(step(d.accept(operation("op")), "start", "copy"))
			d.apply(step(o, "end", "end", func(c *Change) { c.Status, c.Error, c.Result = test.status, test.error, test.result }))
			row := d.newest("op")
			if row.Status != test.want.Status || row.Output != test.want.Output || row.Error != test.want.Error || code(row) != code(test.want) {
				t.Errorf("got %+v (code %d), want %+v", row, code(row), test.want)
			}
			db := outsider(t, d.path)
			for column, value := range map[string]string{"output": row.Output, "error": row.Error} {
				if text := read(t, db, `SELECT `+column+` FROM process`); value == "" && text != "NULL" {
					t.Errorf("%s without a value is %q, not NULL", column, text)
				}
			}
		})
	}
}

func code(p Process) int64 {
	if p.ReturnCode == nil {
		return -1
	}
	return *p.ReturnCode
}

// Other programs may prune rows of the table at any time.
func TestOperationOutlivesItsProcessRows(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	db := outsider(t, d.path)
	run(t, db, `CREATE TABLE schedule (id INTEGER PRIMARY KEY)`, `DELETE FROM process`)
	o = d.apply(step(o, "ok", "record", func(c *Change) { c.Result = &ProcessResult{Output: "text"} }))
	o = d.apply(step(o, "ok", "done", func(c *Change) { c.Status, c.Backup = Succeeded, &Backup{ID: "b", StartTime: noon} }))
	if o.Status != Succeeded {
		t.Errorf("operation is %s", o.Status)
	}
	if b, err := d.Backup(t.Context(), "b"); err != nil || b.ID != "b" {
		t.Errorf("backup: %+v, %v", b, err)
	}
	if row := d.newest("op"); row.Status != "success" || string(row.Args) != string(o.Args) || row.CommandID != "op" {
		t.Errorf("the backup's process row: %+v", row)
	}
	same(t, "violations of foreign keys", list(t, db, `SELECT "table" FROM pragma_foreign_key_check`), nil)
}

func TestProcessesAreListedOldestFirst(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.accept(operation("op"))
	d.accept(operation("other"))
	o = d.apply(step(o, "start", "copy"))
	if _, err := d.BeginJob(t.Context(), o, Job{State: o.State}, program(o, 2)); err != nil {
		t.Fatal(err)
	}
	rows := d.processes("op")
	if len(rows) != 2 || rows[0].ID >= rows[1].ID || rows[0].CommandID != "op" || string(rows[0].Args) != string(rows[1].Args) {
		t.Errorf("rows: %+v", rows)
	}
	if rows := d.processes("nonsense"); len(rows) != 0 {
		t.Errorf("rows of an unknown operation: %+v", rows)
	}
}

// program is the process row of a program of the operation.
func program(o Operation, n int) Process {
	return Process{CommandID: o.ID, Command: "/usr/bin/mariadb-backup --backup", StartTime: minute(n), Type: TypeBackup, Args: o.Args}
}
