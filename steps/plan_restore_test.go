package steps

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// wrong lists what a plan finds not to be in order.
func (p Plan) wrong() []string {
	var about []string
	for _, c := range p.Checks {
		if !c.OK {
			about = append(about, c.About)
		}
	}
	return about
}

func TestRestoreIsPlanned(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	h.Tool.Bin = h.Script("tool", fakeBanner)
	args := Args{IDList: []string{"full", "inc"}, Target: "database", TmpDir: h.Server.DataDir}
	before := len(testkit.Tree(t, h.Dir))
	p := h.PlanRestore(t.Context(), args)
	if !p.Goes || len(p.wrong()) > 0 || len(p.Chain) != 2 || p.Space == nil || p.Space.Path != h.Server.DataDir ||
		!strings.HasPrefix(p.Result, "into "+h.Server.DataDir) {
		t.Errorf("got %+v", p)
	}
	if len(p.Commands) != 2 || !strings.Contains(p.Commands[0], "--prepare") || !strings.Contains(p.Commands[1], "--incremental-dir=") ||
		!strings.Contains(p.Commands[1], PlannedOperation) {
		t.Errorf("commands %q", p.Commands)
	}
	if after := len(testkit.Tree(t, h.Dir)); after != before {
		t.Error("something was written")
	}
	// All problems at once.
	testkit.Write(t, h.Server.DataDir, map[string]string{"ibdata1": ""})
	testkit.Write(t, h.Store.Folder("inc"), map[string]string{"ibdata1.delta": "longer than it was"})
	h.Tool.Bin = filepath.Join(h.Dir, "nowhere")
	p = h.PlanRestore(t.Context(), args)
	if wrong := p.wrong(); p.Goes || !slices.Contains(wrong, "tool") || !slices.Contains(wrong, "data directory") {
		t.Errorf("got %v of %+v", wrong, p)
	}
	args.IDList = []string{"inc", "full"}
	if p := h.PlanRestore(t.Context(), args); p.Goes || !slices.Contains(p.wrong(), "backup full") {
		t.Errorf("a wrong order: %+v", p)
	}
	args.IDList = []string{"nothing"}
	if p := h.PlanRestore(t.Context(), args); p.Goes || !slices.Contains(p.wrong(), "backup nothing") {
		t.Errorf("an unknown backup: %+v", p)
	}
}

func TestBackupIsPlanned(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t)
	server.Exec("CREATE USER poor@localhost IDENTIFIED BY 'p'")
	h := hostOf(t, server)
	h.Store.BackupDir = filepath.Join(h.Dir, "not", "yet", "there")
	p := h.PlanBackup(t.Context(), Args{ID: "b"})
	if !p.Goes || len(p.Commands) != 1 || !strings.Contains(p.Commands[0], "--backup") || p.Space == nil || p.Space.Path != h.Dir {
		t.Errorf("got %+v", p)
	}
	if there, err := disk.Exists(h.Store.BackupDir); there || err != nil {
		t.Errorf("something was written: %t, %v", there, err)
	}
	h.CountRows = CountOn
	if p := h.PlanBackup(t.Context(), Args{ID: "b"}); !p.Goes || !slices.ContainsFunc(p.Checks, func(c Check) bool {
		return c.About == "count_rows" && c.Note && strings.Contains(c.Detail, "run GRANT SELECT ON *.* TO '"+server.User+"'@'localhost'")
	}) {
		t.Errorf("of the right to count: %+v", p.Checks)
	}
	h.CountRows = CountOff
	h.login(server, "poor", "p")
	h.Tool.Bin = filepath.Join(h.Dir, "nowhere")
	testkit.Write(t, h.Store.Folder("b"), map[string]string{"x": ""})
	p = h.PlanBackup(t.Context(), Args{ID: "b", FromBackupID: "unknown"})
	if wrong := strings.Join(p.wrong(), ", "); p.Goes || wrong != "id, privileges, tool, base" {
		t.Errorf("wrong are %s", wrong)
	}
	h.login(server, "poor", "wrong")
	if p := h.PlanBackup(t.Context(), Args{ID: "c"}); p.Goes || strings.Join(p.wrong(), ", ") != "server" {
		t.Errorf("a refused login: %+v", p)
	}
	h.Server.CredentialsFile = filepath.Join(h.Dir, "nowhere")
	if p := h.PlanBackup(t.Context(), Args{ID: "c"}); p.Goes || strings.Join(p.wrong(), ", ") != "credentials" {
		t.Errorf("no credentials: %+v", p)
	}
}
