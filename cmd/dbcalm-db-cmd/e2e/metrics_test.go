package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// ask sends a GET to the socket of metrics_listen.
func (w *world) ask(socket, path string) (status int, body string) {
	w.t.Helper()
	wire := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	response, err := (&http.Client{Transport: wire, Timeout: patience}).Get("http://localhost" + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// scrape returns the metrics, by name and labels.
func (w *world) scrape(socket string) map[string]string {
	w.t.Helper()
	status, body := w.ask(socket, "/metrics")
	if status != http.StatusOK {
		w.t.Fatalf("%d: %s", status, body)
	}
	values := map[string]string{}
	for line := range strings.Lines(body) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), " "); found && name != "#" {
			values[name] = value
		}
	}
	return values
}

// TestMetrics compares what is told with what was done, before and after a
// crash of the daemon, and with what the manual has people ask for.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{server: []mariadbtest.Option{mariadbtest.WithBinlog()},
		config: map[string]string{"archive": "true", "archive_interval": "1s"}})
	socket, fail := filepath.Join(w.dir, "m"), filepath.Join(w.dir, "fail")
	w.configure("metrics_listen", socket)
	w.configure("metrics_mode", `"0640"`)
	w.configure("on_finish", `test "$DBCALM_STATUS" = succeeded`)
	w.useTool(fmt.Sprintf(`[ ! -e %s ] || exit 9`, fail))
	w.start()
	if info, err := os.Lstat(socket); err != nil || info.Mode() != os.ModeSocket|0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	before := w.scrape(socket)
	if before[`dbcalm_healthy`] != "1" || before[`dbcalm_backups{kind="full"}`] != "0" ||
		before["dbcalm_newest_good_backup_timestamp_seconds"] != "" {
		t.Errorf("before anything was done: %v", before)
	}
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
	w.succeeded(w.restore(api.TargetFolder, "full", "inc"))
	w.succeeded(w.accepted(w.client.VerifyBackup(w.ctx(), api.VerifyRequest{ID: "inc"})))
	if err := os.WriteFile(fail, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	failed := w.failed(w.full("failing"))
	db := w.sqlite()
	w.eventually("on_finish has failed", func() bool { return w.scrape(socket)["dbcalm_on_finish_failures_total"] == "1" })
	w.kill()
	w.start()
	told := w.scrape(socket)
	for name, want := range map[string]string{
		`dbcalm_healthy`: "1", `dbcalm_backups{kind="full"}`: "1", `dbcalm_backups{kind="incremental"}`: "1", `dbcalm_backups_damaged`: "0",
		`dbcalm_operations_ended_total{machine="full_backup",status="succeeded"}`:      "1",
		`dbcalm_operations_ended_total{machine="full_backup",status="failed"}`:         "1",
		`dbcalm_operations_ended_total{machine="restore_folder",status="succeeded"}`:   "1",
		`dbcalm_operations_ended_total{machine="delete_backup",status="succeeded"}`:    "0",
		`dbcalm_operation_failures_total{machine="full_backup",state="copy"}`:          "1",
		`dbcalm_operation_duration_seconds_count{machine="full_backup"}`:               "1",
		`dbcalm_operation_duration_seconds_count{machine="incremental_backup"}`:        "1",
		`dbcalm_operation_duration_seconds_bucket{machine="full_backup",le="86400"}`:   "1",
		`dbcalm_operations{machine="full_backup",status="running"}`:                    "0",
		`dbcalm_operations_ended_total{machine="verify_backup",status="succeeded"}`:    "1",
		`dbcalm_newest_chain_verified_level`:                                           "2",
		`dbcalm_on_finish_failures_total`:                                              "1",
		`dbcalm_on_finish_owed`:                                                        "0",
		`dbcalm_interruptions_survived_total{event="redo",machine="restore_database"}`: "0",
	} {
		if told[name] != want {
			t.Errorf("%s is %q, want %s", name, told[name], want)
		}
	}
	var size int64
	if err := db.QueryRow(`SELECT size FROM backup WHERE id = 'inc'`).Scan(&size); err != nil {
		t.Fatal(err)
	}
	var bytes float64
	if _, err := fmt.Sscan(told[`dbcalm_newest_backup_bytes{kind="incremental"}`], &bytes); err != nil || int64(bytes) != size {
		t.Errorf("the incremental has %v bytes, want %d: %v", bytes, size, err)
	}
	var age float64
	if _, err := fmt.Sscan(told[`dbcalm_newest_good_backup_age_seconds`], &age); err != nil || age <= 0 || age > 600 {
		t.Errorf("the newest good backup is %v s old, %v", age, err)
	}
	w.checkManualMetrics(told)

	_, health := w.ask(socket, "/healthz")
	want := `{"status":"ok","checks":{"archive":"ok","backup_dir":"ok","database":"ok"},"last_error":{"operation":"` + failed.ID +
		`","machine":"full_backup","backup":"failing","state":"copy","at":"`
	if !strings.HasPrefix(health, want) {
		t.Errorf("health %s, want %s…", health, want)
	}
	if err := os.Rename(w.backupDir, w.backupDir+".away"); err != nil {
		t.Fatal(err)
	}
	w.eventually("the store's absence is told", func() bool {
		status, body := w.ask(socket, "/healthz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "is missing, and 2 backups are recorded: is its disk mounted?")
	})
	told = w.scrape(socket)
	if told["dbcalm_healthy"] != "0" || told["dbcalm_newest_good_backup_timestamp_seconds"] != "" ||
		told[`dbcalm_backups{kind="full"}`] != "1" {
		t.Errorf("without the store: %v", told)
	}
	w.stop()
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

// checkManualMetrics demands that every metric the manual has in a rule, a
// panel or a table was told, in a world where everything has happened once.
func (w *world) checkManualMetrics(told map[string]string) {
	w.t.Helper()
	text := manualPage(w.t, "monitoring")
	families := map[string]bool{}
	for name := range told {
		name, _, _ = strings.Cut(name, "{")
		families[name] = true
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			families[strings.TrimSuffix(name, suffix)] = true
		}
	}
	names := regexp.MustCompile(`dbcalm_[a-z_]+`).FindAllString(text, -1)
	if len(names) < 20 {
		w.t.Errorf("the manual has %v", names)
	}
	for _, name := range names {
		if !families[name] {
			w.t.Errorf("the manual has %s, which is not told", name)
		}
	}
}

// TestMetricsPortIsTaken does not start a daemon whose metrics nobody would
// find, and says why.
func TestMetricsPortIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	w := newWorld(t, worldOptions{config: map[string]string{"metrics_listen": taken.Addr().String()}})
	_, stderr, code := w.cli("serve")
	want := "listen for metrics on " + taken.Addr().String() + ": "
	if code != 1 || !strings.Contains(stderr, want) || !strings.Contains(stderr, "stop the program that has the port, or choose another") {
		t.Errorf("%d: %s", code, stderr)
	}
	w.configure("metrics_listen", "0.0.0.0:9104")
	_, stderr, code = w.cli("serve")
	if code != 3 || !strings.Contains(stderr, `metrics_listen: "0.0.0.0:9104": only this host may reach it`) {
		t.Errorf("%d: %s", code, stderr)
	}
}
