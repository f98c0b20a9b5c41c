package monitor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dbcalm-db-cmd/machine/api"
)

// A strict registry finds every value declared, with its labels, and none
// twice, whatever there is to count.
func TestEveryMetricIsToldAndDeclared(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 500_000_000)
	watched := healthy()
	watched.figures = fullFigures(at)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newCollector(New(watched, Options{})))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, family := range families {
		told[family.GetName()] = strings.ToLower(family.GetType().String())
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetName())
			}
			i := slices.IndexFunc(metrics, func(m Metric) bool { return m.Name == family.GetName() })
			want := slices.Sorted(slices.Values(metrics[i].Labels))
			if !slices.Equal(labels, want) {
				t.Errorf("%s has labels %v, want %v", family.GetName(), labels, want)
			}
		}
	}
	for _, metric := range Metrics() {
		if told[metric.Name] != metric.Type {
			t.Errorf("%s is told as %q, want %s", metric.Name, told[metric.Name], metric.Type)
		}
		delete(told, metric.Name)
		if !strings.HasSuffix(metric.Help, ".") || (metric.Type == counter) != strings.HasSuffix(metric.Name, "_total") {
			t.Errorf("%+v", metric)
		}
	}
	for name := range maps.Keys(told) {
		t.Errorf("%s is told and not declared", name)
	}
}

func TestMetricsSayWhatIsCounted(t *testing.T) {
	t.Parallel()
	watched := healthy()
	watched.figures = fullFigures(time.Unix(1_700_000_000, 500_000_000))
	_, body := get(t, monitor(t, watched, Options{Listen: "127.0.0.1:0"}), "/metrics")
	for _, line := range []string{
		`dbcalm_backups{kind="full"} 2`, `dbcalm_backups{kind="incremental"} 0`, `dbcalm_backups_damaged 1`,
		`dbcalm_newest_backup_bytes{kind="full"} 1.5e+06`, `dbcalm_newest_backup_timestamp_seconds{kind="full"} 1.7000000005e+09`,
		`dbcalm_newest_good_backup_timestamp_seconds 1.7000000005e+09`, `dbcalm_newest_chain_verified_level 3`,
		`dbcalm_last_success_timestamp_seconds{machine="full_backup"} 1.7000000005e+09`,
		`dbcalm_operations{machine="full_backup",status="running"} 1`, `dbcalm_operations{machine="full_backup",status="waiting"} 0`,
		`dbcalm_operations_ended_total{machine="full_backup",status="failed"} 5`,
		`dbcalm_operations_ended_total{machine="full_backup",status="cancelled"} 0`,
		`dbcalm_operation_failures_total{machine="full_backup",state="copy"} 3`,
		`dbcalm_operation_failures_total{machine="full_backup",state="validate"} 2`,
		`dbcalm_operation_failures_total{machine="full_backup",state="record"} 0`,
		`dbcalm_operation_duration_seconds_count{machine="full_backup"} 7`, `dbcalm_operation_duration_seconds_sum{machine="full_backup"} 70`,
		`dbcalm_operation_duration_seconds_bucket{machine="full_backup",le="+Inf"} 7`,
		`dbcalm_interruptions_survived_total{machine="full_backup",event="adopt"} 4`,
		`dbcalm_interruptions_survived_total{machine="full_backup",event="redo"} 0`,
		`dbcalm_on_finish_owed 1`, `dbcalm_on_finish_failures_total 2`,
	} {
		if !strings.Contains("\n"+body, "\n"+line+"\n") && !strings.Contains("\n"+body, "\n"+swapped(line)+"\n") {
			t.Errorf("lacks %s", line)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
	if strings.Contains(body, `dbcalm_newest_backup_bytes{kind="incremental"}`) {
		t.Error("the size of a backup that is not there")
	}
}

// swapped is a line with its two labels in the order of their names, as they
// are told.
func swapped(line string) string {
	name, rest, _ := strings.Cut(line, "{")
	labels, value, _ := strings.Cut(rest, "}")
	list := strings.Split(labels, ",")
	slices.Sort(list)
	return fmt.Sprintf("%s{%s}%s", name, strings.Join(list, ","), value)
}

// fullFigures has something of everything.
func fullFigures(at time.Time) api.Figures {
	f := api.Figures{
		Machines: map[string][]string{"full_backup": {"validate", "copy", "record"}},
		Backups: api.BackupFigures{
			Full: api.KindFigures{Count: 2, Ended: at, Size: 1_500_000}, Damaged: 1, Good: at,
			Newest: &api.ChainFigures{Level: 3, Passed: at},
		},
		Archive: &api.ArchiveFigures{State: "following", Breaks: 1, Oldest: at, Newest: at},
	}
	f.Open = []api.OpenFigure{{Machine: "full_backup", Status: "running", Count: 1}}
	f.Ends = []api.EndFigure{
		{Machine: "full_backup", Status: "failed", FailedIn: "copy", Count: 3, Last: at.Add(time.Hour)},
		{Machine: "full_backup", Status: "failed", FailedIn: "validate", Count: 2, Last: at},
		{Machine: "full_backup", Status: "succeeded", Count: 7, Last: at},
	}
	f.Took = []api.TookFigure{{Machine: "full_backup", Count: 7, Seconds: 70}}
	f.Survived = []api.SurvivedFigure{{Machine: "full_backup", Event: "adopt", Count: 4}}
	f.OnFinishOwed, f.OnFinishFailed = 1, 2
	return f
}
