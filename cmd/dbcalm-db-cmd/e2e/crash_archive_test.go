package e2e

import (
	"encoding/json"

	"dbcalm-db-cmd/steps/archive"
)

// gtid is that of the newest transaction of the world's server.
func (c *crash) gtid() (text string) {
	c.w.t.Helper()
	if err := c.w.db.DB().QueryRow(`SELECT @@GLOBAL.gtid_binlog_pos`).Scan(&text); err != nil {
		c.w.t.Fatal(err)
	}
	return text
}

// checkArchive checks that the archive of the binary log is whole, and, while the
// server runs, that it has all of it, in one range.
func (c *crash) checkArchive() {
	t, w := c.w.t, c.w
	t.Helper()
	if out, errs, code := w.cli("archive", "verify"); code != 0 {
		t.Errorf("the archive is not whole: %s%s", out, errs)
	}
	if !c.serverUp {
		return
	}
	want := c.gtid()
	var report archive.Report
	w.eventually("the archive has all of the server's log", func() bool {
		out, _, _ := w.cli("archive", "status", "--json")
		report = archive.Report{}
		return json.Unmarshal([]byte(out), &report) == nil && len(report.Ranges) > 0 && report.Ranges[len(report.Ranges)-1].ToGTID == want
	})
	if len(report.Ranges) != 1 {
		t.Errorf("the archive has breaks: %+v", report.Ranges)
	}
}
