package monitor

import "slices"

// Metric describes one metric that a Monitor tells.
type Metric struct {
	Name string
	// Type is gauge, counter or histogram.
	Type   string
	Labels []string
	Help   string
}

// The types of metrics.
const (
	gauge     = "gauge"
	counter   = "counter"
	histogram = "histogram"
)

// The names of the metrics.
const (
	metricBuild           = "dbcalm_build_info"
	metricHealthy         = "dbcalm_healthy"
	metricSuccess         = "dbcalm_last_success_timestamp_seconds"
	metricSuccessAge      = "dbcalm_last_success_age_seconds"
	metricOperations      = "dbcalm_operations"
	metricEnded           = "dbcalm_operations_ended_total"
	metricFailures        = "dbcalm_operation_failures_total"
	metricDuration        = "dbcalm_operation_duration_seconds"
	metricSurvived        = "dbcalm_interruptions_survived_total"
	metricBackups         = "dbcalm_backups"
	metricDamaged         = "dbcalm_backups_damaged"
	metricNewest          = "dbcalm_newest_backup_timestamp_seconds"
	metricNewestBytes     = "dbcalm_newest_backup_bytes"
	metricGood            = "dbcalm_newest_good_backup_timestamp_seconds"
	metricGoodAge         = "dbcalm_newest_good_backup_age_seconds"
	metricVerifiedLevel   = "dbcalm_newest_chain_verified_level"
	metricVerified        = "dbcalm_newest_chain_verified_timestamp_seconds"
	metricVerifiedAge     = "dbcalm_newest_chain_verified_age_seconds"
	metricArchiveLag      = "dbcalm_archive_lag_seconds"
	metricArchiveUp       = "dbcalm_archive_following"
	metricArchiveBreaks   = "dbcalm_archive_breaks"
	metricArchiveOldest   = "dbcalm_archive_oldest_timestamp_seconds"
	metricArchiveNewest   = "dbcalm_archive_newest_timestamp_seconds"
	metricOnFinishOwed    = "dbcalm_on_finish_owed"
	metricOnFinishFailure = "dbcalm_on_finish_failures_total"
)

var metrics = []Metric{
	{metricBuild, gauge, []string{"version", "goversion"}, "Always 1; its labels say which program this is."},
	{metricHealthy, gauge, nil, "1 if /healthz finds nothing wrong, else 0. With 0, metrics that cannot be told are missing."},
	{metricGood, gauge, nil, "When the newest good backup was taken: every link of its chain is recorded, has all its files, " +
		"joins the one before, and is not known as damaged. Missing without one."},
	{metricGoodAge, gauge, nil, "Seconds since the newest good backup was taken. Missing without one."},
	{metricSuccess, gauge, []string{"machine"}, "When an operation of the machine last succeeded. Missing before the first time."},
	{metricSuccessAge, gauge, []string{"machine"}, "Seconds since an operation of the machine last succeeded. " +
		"Missing before the first time."},
	{metricNewest, gauge, []string{"kind"},
		"When the newest recorded backup of the kind, full or incremental, was taken. Missing without one."},
	{metricNewestBytes, gauge, []string{"kind"}, "Size of the newest recorded backup of the kind. Missing without one."},
	{metricBackups, gauge, []string{"kind"}, "Recorded backups."},
	{metricDamaged, gauge, nil, "Recorded backups in which a verification found damage."},
	{metricVerifiedLevel, gauge, nil, "How thoroughly the newest backup's chain is verified, by its least verified link: " +
		"0 not at all, 1 files, 2 checksum, 3 prepare, 4 boot. Missing without a backup."},
	{metricVerified, gauge, nil,
		"When the link of the newest backup's chain was verified for which that is longest ago. Missing if one never was."},
	{metricVerifiedAge, gauge, nil,
		"Seconds since the least recently verified link of the newest backup's chain was. Missing if one never was."},
	{metricOperations, gauge, []string{"machine", "status"}, "Operations that are waiting or running."},
	{metricEnded, counter, []string{"machine", "status"},
		"Ends of operations: succeeded, failed or cancelled. One that is retried ends again."},
	{metricFailures, counter, []string{"machine", "state"}, "Operations that failed, by the state in which they did."},
	{metricDuration, histogram, []string{"machine"}, "How long operations that succeeded took, without their wait."},
	{metricSurvived, counter, []string{"machine", "event"}, "Interruptions after which an operation went on: " +
		"its program was adopted (adopt), its state begun again (redo), or an earlier one (rewind)."},
	{metricArchiveLag, gauge, nil, "How long before now the last transaction was committed that is on the disk of the archive, " +
		"or for how long the server has had newer ones, if that is less; 0 when it has none. " +
		"Missing without archive: true, like all of the archive."},
	{metricArchiveUp, gauge, nil, "1 while the archive follows the server's binary log, else 0."},
	{metricArchiveBreaks, gauge, nil, "Places in the archive that no restore to a moment crosses: gaps, and beginnings of new epochs."},
	{metricArchiveOldest, gauge, nil, "When the first transaction of the archive's newest range was committed. Missing without one."},
	{metricArchiveNewest, gauge, nil, "When the last sealed transaction of the archive was committed. Missing without one."},
	{metricOnFinishOwed, gauge, nil, "Ends of operations for which on_finish is still to run."},
	{metricOnFinishFailure, counter, nil, "on_finish commands that failed."},
}

// durationBounds divide the histogram of durations, in seconds: a deletion
// takes parts of one, a large backup hours.
var durationBounds = []float64{1, 5, 15, 60, 300, 900, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 24 * 3600}

// Metrics returns every metric there is, in the order in which a reader wants
// to know of them.
func Metrics() []Metric { return slices.Clone(metrics) }
