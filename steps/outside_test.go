package steps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// Tables outside the data directory are looked at inside, with the file of the
// living server where it is, which nobody touches.
func TestTablesOutsideTheDataDirectory(t *testing.T) {
	t.Parallel()
	for _, k := range kits(t)[:2] {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			b := newKitBench(t, k)
			outside := filepath.Join(b.Dir, "outside")
			b.Must(os.Mkdir(outside, 0o700))
			b.db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.far (n INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='"+outside+"'", "INSERT INTO shop.far VALUES (1), (2)")
			told := "shop/far at " + filepath.Join(outside, "shop", "far.ibd")

			plan := b.PlanBackup(t.Context(), Args{ID: "full"})
			before := map[string]string{server.MariaDB: "these tables lie outside the data directory, and a restore puts them into it: ",
				server.MySQL: "to a folder only, not to database: the server keeps tables outside its data directory ("}[k.dbType]
			if found := detail(plan, "restore"); !plan.Goes || !strings.HasPrefix(found, before+told) {
				t.Errorf("the plan of the backup: %v, %q", plan.Goes, found)
			}
			b.Must(b.take("full", ""))
			b.db.Exec("INSERT INTO shop.far VALUES (3)")
			b.Must(b.take("inc", "full"))

			task := Task{Operation: "to-database", Attempt: 1, Args: Args{IDList: []string{"full", "inc"}, Target: TargetDatabase}}
			if k.dbType == server.MySQL {
				b.db.Stop()
				b.Must(os.Rename(b.db.DataDir, b.db.DataDir+".old"))
				b.Must(os.Mkdir(b.db.DataDir, 0o700))
				_, err := b.do(b.Steps()["validate_restore"], task)
				testkit.Says(t, err, "cannot restore to database: the server backed up keeps tables outside its data directory ("+told,
					"restore to a folder and copy from there")
				plan := b.PlanRestore(t.Context(), task.Args)
				if found := detail(plan, "layout"); plan.Goes || !strings.Contains(found, told) {
					t.Errorf("the plan of the restore: %v, %q", plan.Goes, found)
				}
				return
			}
			if found := detail(b.PlanRestore(t.Context(), task.Args), "tables"); !strings.Contains(found, "will be inside, and what is there now stays: "+told) {
				t.Errorf("the plan of the restore: %q", found)
			}
			names := []string{"validate_verify", "stage_scratch", "prepare_full", "apply_link", "prove_tables", "examine_tables", "clean_scratch"}
			verify := func(operation string) {
				t.Helper()
				at := filepath.Join(outside, "shop", "far.ibd")
				before, err := os.ReadFile(at)
				b.Must(err)
				task := b.verifyTask(persistence.LevelBoot, "full", "inc")
				task.Operation = operation
				if _, err := b.perform(task, names...); err != nil {
					t.Errorf("%s: %v", operation, err)
				}
				if after, err := os.ReadFile(at); err != nil || string(before) != string(after) {
					t.Errorf("%s: the server's own file was changed (%v)", operation, err)
				}
			}
			verify("beside the living server")
			b.db.Stop()
			verify("with the server stopped")
			folder, err := b.restore("folder", "full", "inc")
			b.Must(err)
			b.Must(os.Rename(outside, outside+".gone"))
			b.db.StartOn(folder)
			rows := 0
			if err := b.db.DB().QueryRow("SELECT count(*) FROM shop.far").Scan(&rows); err != nil || rows != 3 {
				t.Errorf("%d rows are in the table, %v", rows, err)
			}
		})
	}
}

// detail returns what a plan says about something.
func detail(p Plan, about string) string {
	for _, c := range p.Checks {
		if c.About == about {
			return c.Detail
		}
	}
	return ""
}

// A server whose system tablespace lies elsewhere is backed up, and its backup
// goes to a folder only: that is told before.
func TestServerWithItsSystemTablespaceElsewhere(t *testing.T) {
	t.Parallel()
	k := kits(t)[0]
	big := t.TempDir()
	k.server = append(k.server, mariadbtest.WithArgs("--innodb-data-home-dir=", "--innodb-data-file-path=ibdata1:12M;"+big+"/ibdata2:12M:autoextend"))
	b := newKitBench(t, k)
	value := "innodb-data-file-path=ibdata1:12M;" + big + "/ibdata2:12M:autoextend"
	plan := b.PlanBackup(t.Context(), Args{ID: "full"})
	if found := detail(plan, "restore"); !plan.Goes || !strings.HasPrefix(found, "to a folder only, not to database: ") || !strings.Contains(found, value) {
		t.Errorf("the plan: %v, %q", plan.Goes, found)
	}
	out, err := b.backups().validateBackup(t.Context(), Task{Operation: "op", Attempt: 1, Args: Args{ID: "full"}})
	b.Must(err)
	if !strings.Contains(out.Reason, "; it will be possible to restore it to a folder, and not to database: the server keeps files outside its data directory ("+value) {
		t.Errorf("the reason is %q", out.Reason)
	}
	b.Must(b.take("full", ""))
	b.db.Stop()
	b.Must(os.Rename(b.db.DataDir, b.db.DataDir+".old"))
	b.Must(os.Mkdir(b.db.DataDir, 0o700))
	_, err = b.restore(TargetDatabase, "full")
	testkit.Says(t, err, "cannot restore to database: the server backed up keeps files outside its data directory ("+value)
}
