package steps

import (
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// A backup that says too little of its place in the log is brought to no moment.
func TestBackupsWithoutAPlaceInTheLog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind     string
		manifest *store.Manifest
		want     string
	}{
		"an old one":         {server.MariaDB, nil, "turn the log on (log_bin)"},
		"one without a log":  {server.MySQL, &store.Manifest{}, "turn the log on (log_bin)"},
		"one without GTIDs":  {server.MySQL, &store.Manifest{Binlog: &server.Position{File: "b.1", Offset: 4}}, "backup 'full' has no GTIDs"},
		"one of the archive": {server.MySQL, &store.Manifest{Binlog: &server.Position{File: "b.1", Offset: 4, GTID: "u:1"}}, "no archive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			h.Server.DBType = test.kind
			h.Archive = nil
			task := Task{Args: Args{To: "latest"}}
			links := []store.Link{{Record: persistence.Backup{ID: "full"}, Manifest: test.manifest}}
			testkit.Says(t, h.restores().planReplay(t.Context(), &task, links), test.want)
		})
	}
}
