package main

import (
	"strings"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine"
)

// timelineWidth is that of the longest bar, in columns.
const timelineWidth = 40

// timelineText shows how long an operation was in each of its states.
func timelineText(view machine.OperationView, now time.Time) string {
	all := stays(view, now)
	var longest time.Duration
	for _, s := range all {
		longest = max(longest, s.took)
	}
	if longest == 0 {
		return ""
	}
	t := table{header: []string{"STATE", "TOOK", ""}, right: []int{1}, indent: "  "}
	for _, s := range all {
		bar := strings.Repeat("█", int(s.took*timelineWidth/longest))
		if bar == "" {
			bar = "▏"
		}
		if s.broken {
			bar += " broken off"
		}
		t.add(s.state, human.Span(s.took), bar)
	}
	return "Time line\n" + t.String()
}
