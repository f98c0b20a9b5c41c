package main

import (
	"fmt"
	"strings"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/printable"
)

// programsText lists the command lines an operation ran. What the error
// section says anyway is not said twice.
func (a *app) programsText(view machine.OperationView) string {
	if len(view.Processes) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Programs\n")
	for _, p := range view.Processes {
		fmt.Fprintf(&b, "  %s\n      %s\n", oneLine(p.Command), a.programEnd(p))
		if text := strings.TrimSpace(p.Error); text != "" && !strings.Contains(view.Error, text) {
			b.WriteString(indent(text, "      "))
		}
	}
	return b.String()
}

func (a *app) programEnd(p machine.ProcessView) string {
	parts := []string{p.Status}
	if p.ReturnCode != nil {
		parts = append(parts, fmt.Sprintf("exit code %d", *p.ReturnCode))
	}
	end := a.now()
	if p.EndTime != nil {
		end = *p.EndTime
	}
	parts = append(parts, span(end.Sub(p.StartTime)), "from "+stamp(p.StartTime))
	if p.PID != nil {
		parts = append(parts, fmt.Sprintf("pid %d", *p.PID))
	}
	return strings.Join(parts, ", ")
}

// indent puts a margin before every line of a text from elsewhere.
func indent(text, margin string) string {
	lines := strings.Split(strings.Trim(printable.Text(text), "\n"), "\n")
	return margin + strings.Join(lines, "\n"+margin) + "\n"
}
