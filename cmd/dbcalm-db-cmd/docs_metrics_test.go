package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"gopkg.in/yaml.v3"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/monitor"
)

// docsMetrics is the table of the metrics as they are registered.
func docsMetrics(*testing.T) string {
	rows := [][]string{{"Metric", "Type", "Labels", "Meaning"}}
	for _, m := range monitor.Metrics() {
		labels := make([]string, len(m.Labels))
		for i, label := range m.Labels {
			labels[i] = code(label)
		}
		rows = append(rows, []string{code(m.Name), m.Type, strings.Join(labels, ", "), m.Help})
	}
	return markdown(rows)
}

// watchedDaemon is a daemon whose disk is not mounted.
type watchedDaemon struct{ lastError api.OperationView }

func (watchedDaemon) Figures(context.Context, []float64) (api.Figures, error) {
	return api.Figures{}, nil
}

func (w watchedDaemon) Health(context.Context) api.Health {
	failed := w.lastError
	return api.Health{
		Status: api.HealthFailing,
		Checks: map[string]string{"database": api.HealthOK,
			"backup_dir": "backup_dir /var/backups/dbcalm holds none of the 3 backups that are recorded: is its disk mounted?"},
		LastError: &api.LastError{Operation: failed.ID, Machine: failed.Machine, Backup: failed.Backup, State: "validate",
			At: *failed.FinishedAt, Error: failed.Error},
	}
}

// docsHealth asks for the health over a socket.
func docsHealth(t *testing.T) string {
	socket := filepath.Join(t.TempDir(), "m.sock")
	m, err := listenMonitor(&config.Config{MetricsListen: socket, MetricsMode: 0o600},
		watchedDaemon{recorded[api.OperationView](t, "failed")}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	m.serve(context.Background())
	defer m.close()
	wire := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer wire.CloseIdleConnections()
	response, err := (&http.Client{Transport: wire}).Get("http://localhost/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("%d: %s, %v", response.StatusCode, answer, err)
	}
	return fenced("json", spread(t, answer))
}

var metricName = regexp.MustCompile(`dbcalm_[a-z_]+`)

// Every metric that a reader is told of is there.
func TestDocsNamesMetricsThatExist(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, m := range monitor.Metrics() {
		there[m.Name] = true
		if m.Type == "histogram" {
			there[m.Name+"_bucket"] = true
		}
	}
	for page, text := range docs(t) {
		for _, name := range metricName.FindAllString(text, -1) {
			if !there[name] {
				t.Errorf("%s: there is no metric %s", page, name)
			}
		}
	}
}

// ruleFile is a file of Prometheus rules.
type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

// docsRules reads the alerting rules.
func docsRules(t *testing.T) ruleFile {
	t.Helper()
	var rules ruleFile
	for _, block := range docsCode(t, "yaml") {
		if !strings.HasPrefix(block, "groups:") {
			continue
		}
		decoder := yaml.NewDecoder(strings.NewReader(block))
		decoder.KnownFields(true)
		if err := decoder.Decode(&rules); err != nil {
			t.Fatal(err)
		}
	}
	return rules
}

func TestDocsRulesAreWhole(t *testing.T) {
	t.Parallel()
	rules := docsRules(t)
	if len(rules.Groups) != 1 || len(rules.Groups[0].Rules) == 0 || rules.Groups[0].Rules[0].Alert != "DBCalmNoGoodBackup" {
		t.Fatalf("rules: %+v", rules)
	}
	for _, rule := range rules.Groups[0].Rules {
		if rule.Alert == "" || rule.Expr == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" ||
			rule.Annotations["description"] == "" {
			t.Errorf("rule %+v", rule)
		}
		if strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
			t.Errorf("%s: %s", rule.Alert, rule.Expr)
		}
		for line := range strings.SplitSeq(rule.Annotations["description"], `"`) {
			if words := strings.Fields(line); len(words) > 1 && words[0] == program {
				if cmd, _, err := newInvocation(t, nil).rootCommand().Find(words[1:]); err != nil || !cmd.Runnable() {
					t.Errorf("%s: %s: %v", rule.Alert, line, err)
				}
			}
		}
	}
}
