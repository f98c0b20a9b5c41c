package main

import (
	"fmt"
	"strings"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
)

// programsText lists the command lines an operation ran. What the error
// section says anyway is not said twice.
func programsText(s *screen.Screen, view api.OperationView) string {
	if len(view.Processes) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Programs\n")
	for _, p := range view.Processes {
		fmt.Fprintf(&b, "  %s\n      %s\n", human.OneLine(p.Command), programEnd(s, p))
		if text := strings.TrimSpace(p.Error); text != "" && !strings.Contains(view.Error, text) {
			b.WriteString(human.Indent(text, "      "))
		}
	}
	return b.String()
}

func programEnd(s *screen.Screen, p api.ProcessView) string {
	parts := []string{p.Status}
	if p.ReturnCode != nil {
		parts = append(parts, fmt.Sprintf("exit code %d", *p.ReturnCode))
	}
	end := s.Now()
	if p.EndTime != nil {
		end = *p.EndTime
	}
	parts = append(parts, human.Span(end.Sub(p.StartTime)), "from "+human.Stamp(p.StartTime))
	if p.PID != nil {
		parts = append(parts, fmt.Sprintf("pid %d", *p.PID))
	}
	return strings.Join(parts, ", ")
}
