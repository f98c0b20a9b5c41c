package monitor

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/transport/access"
)

// collector reads all metrics anew at every scrape. It remembers nothing: a
// daemon that was started again tells what the one before it would have told.
type collector struct {
	monitor *Monitor
	descs   map[string]*prometheus.Desc
	types   map[string]string
}

func newCollector(m *Monitor) *collector {
	c := &collector{monitor: m, descs: map[string]*prometheus.Desc{}, types: map[string]string{}}
	for _, metric := range metrics {
		c.descs[metric.Name] = prometheus.NewDesc(metric.Name, metric.Help, metric.Labels, nil)
		c.types[metric.Name] = metric.Type
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	s := &scrape{collector: c, to: to, now: time.Now()}
	options := c.monitor.options
	s.tell(metricBuild, 1, options.Version, options.GoVersion)
	healthy := c.monitor.health(ctx).Status == api.HealthOK
	figures, err := c.monitor.watched.Figures(ctx, durationBounds)
	if err != nil {
		// The other metrics are missing then, which alerts can tell.
		if c.monitor.quota.Take(access.NotTold, access.Nobody) {
			options.Logger.Error().Err(err).Msg("metrics cannot be read")
		}
		s.tell(metricHealthy, 0)
		return
	}
	s.tell(metricHealthy, oneIf(healthy))
	s.backups(figures.Backups)
	s.operations(figures)
	if a := figures.Archive; a != nil {
		s.tell(metricArchiveLag, a.Lag)
		s.tell(metricArchiveUp, oneIf(a.Follows()))
		s.tell(metricArchiveBreaks, float64(a.Breaks))
		s.tellWhen(metricArchiveOldest, "", a.Oldest)
		s.tellWhen(metricArchiveNewest, "", a.Newest)
	}
	s.tell(metricOnFinishOwed, float64(figures.OnFinishOwed))
	s.tell(metricOnFinishFailure, float64(figures.OnFinishFailed))
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// scrape is one reading.
type scrape struct {
	*collector
	to  chan<- prometheus.Metric
	now time.Time
}

// tell sends one value of a metric.
func (s *scrape) tell(name string, value float64, labels ...string) {
	for i, label := range labels {
		labels[i] = printable.Line(label)
	}
	kind := prometheus.GaugeValue
	if s.types[name] == counter {
		kind = prometheus.CounterValue
	}
	s.send(name)(prometheus.NewConstMetric(s.descs[name], kind, value, labels...))
}

// tellWhen sends a time, and in another metric how long ago it is; neither, if
// it is the zero time.
func (s *scrape) tellWhen(name, age string, at time.Time, labels ...string) {
	if at.IsZero() {
		return
	}
	s.tell(name, float64(at.UnixMicro())/1e6, labels...)
	if age != "" {
		s.tell(age, max(0, s.now.Sub(at).Seconds()), labels...)
	}
}

func (s *scrape) send(name string) func(prometheus.Metric, error) {
	return func(m prometheus.Metric, err error) {
		if err != nil {
			m = prometheus.NewInvalidMetric(s.descs[name], err)
		}
		s.to <- m
	}
}

func (s *scrape) backups(f api.BackupFigures) {
	s.tellWhen(metricGood, metricGoodAge, f.Good)
	for kind, k := range map[string]api.KindFigures{"full": f.Full, "incremental": f.Incremental} {
		s.tell(metricBackups, float64(k.Count), kind)
		if k.Count > 0 {
			s.tellWhen(metricNewest, "", k.Ended, kind)
			s.tell(metricNewestBytes, float64(k.Size), kind)
		}
	}
	s.tell(metricDamaged, float64(f.Damaged))
	if f.Newest != nil {
		s.tell(metricVerifiedLevel, float64(f.Newest.Level))
		s.tellWhen(metricVerified, metricVerifiedAge, f.Newest.Passed)
	}
}

// tally counts by two labels. What has not been counted yet is told as 0, so
// that the first one is seen as an increase.
type tally map[[2]string]float64

func (s *scrape) operations(f api.Figures) {
	open, ended, failures, survived := tally{}, tally{}, tally{}, tally{}
	took := map[string]api.TookFigure{}
	for name, states := range f.Machines {
		for _, status := range []string{api.StatusWaiting, api.StatusRunning} {
			open[[2]string{name, status}] = 0
		}
		for _, status := range []string{api.StatusSucceeded, api.StatusFailed, api.StatusCancelled} {
			ended[[2]string{name, status}] = 0
		}
		for _, state := range states {
			failures[[2]string{name, state}] = 0
		}
		for _, event := range []string{"adopt", "redo", "rewind"} {
			survived[[2]string{name, event}] = 0
		}
		took[name] = api.TookFigure{Within: make([]uint64, len(durationBounds))}
	}
	last := map[string]time.Time{}
	for _, o := range f.Open {
		open[[2]string{o.Machine, string(o.Status)}] += float64(o.Count)
	}
	for _, e := range f.Ends {
		ended[[2]string{e.Machine, string(e.Status)}] += float64(e.Count)
		switch string(e.Status) {
		case api.StatusFailed:
			failures[[2]string{e.Machine, e.FailedIn}] += float64(e.Count)
		case api.StatusSucceeded:
			if e.Last.After(last[e.Machine]) {
				last[e.Machine] = e.Last
			}
		}
	}
	for _, r := range f.Survived {
		survived[[2]string{r.Machine, r.Event}] += float64(r.Count)
	}
	for _, t := range f.Took {
		took[t.Machine] = t
	}
	for name, t := range map[string]tally{metricOperations: open, metricEnded: ended, metricFailures: failures, metricSurvived: survived} {
		for labels, count := range t {
			s.tell(name, count, labels[0], labels[1])
		}
	}
	for name, at := range last {
		s.tellWhen(metricSuccess, metricSuccessAge, at, name)
	}
	for name, t := range took {
		within := map[float64]uint64{}
		for i, bound := range durationBounds {
			within[bound] = t.Within[i]
		}
		s.send(metricDuration)(prometheus.NewConstHistogram(s.descs[metricDuration], t.Count, t.Seconds, within, printable.Line(name)))
	}
}
