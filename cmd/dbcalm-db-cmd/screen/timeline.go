package screen

import (
	"strings"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine/api"
)

// timelineWidth is that of the longest bar, in columns.
const timelineWidth = 40

// Timeline shows how long an operation was in each of its states.
func Timeline(view api.OperationView, now time.Time) string {
	all := stays(view, now)
	var longest time.Duration
	for _, s := range all {
		longest = max(longest, s.took)
	}
	if longest == 0 {
		return ""
	}
	t := Table{Header: []string{"STATE", "TOOK", ""}, Right: []int{1}, Indent: "  "}
	for _, s := range all {
		bar := strings.Repeat("█", int(s.took*timelineWidth/longest))
		if bar == "" {
			bar = "▏"
		}
		if s.broken {
			bar += " broken off"
		}
		t.Add(s.state, human.Span(s.took), bar)
	}
	return "Time line\n" + t.String()
}
