package definition

import (
	"fmt"
	"strings"
	"time"
)

// drawing is a machine with the path of one operation through it.
type drawing struct {
	*Definition
	// at is the state the operation is or ended in; broken, that it failed or
	// was cancelled, in failedIn.
	at       string
	broken   bool
	failedIn string
	// visited are the states it has been in, taken the arrows it went along.
	visited map[string]bool
	taken   map[[2]string]passage
}

// passage says of an arrow when it was last taken and how often.
type passage struct {
	at    time.Time
	times int
}

// Path is the way of one operation through its machine.
type Path struct {
	// At is the state the operation is or ended in.
	At string
	// Broken says that it failed or was cancelled.
	Broken bool
	// Passages are the arrows it has taken, in order.
	Passages []Passage
}

// Passage is an arrow that was taken, and when.
type Passage struct {
	From, To string
	At       time.Time
}

// Draw draws the machine of the given text with the path of an operation
// through it: as mermaid, dot (Graphviz) or svg.
func Draw(text string, path Path, format string) (string, error) {
	d, err := Parse(text)
	if err != nil {
		return "", err
	}
	w := drawing{Definition: d, at: path.At, broken: path.Broken, visited: map[string]bool{}, taken: map[[2]string]passage{}}
	for _, p := range path.Passages {
		w.visited[p.To] = true
		arrow := [2]string{p.From, p.To}
		w.taken[arrow] = passage{p.At, w.taken[arrow].times + 1}
		if s := d.States[p.To]; w.broken && w.failedIn == "" && s != nil && (s.Cleanup || s.End != "") {
			w.failedIn = p.From
		}
	}
	switch format {
	case "mermaid":
		return w.mermaid(), nil
	case "dot":
		return w.dot(), nil
	case "svg":
		return w.svg(), nil
	}
	return "", fmt.Errorf("unknown format '%s': use mermaid, dot or svg", format)
}

// look is how a state is shown.
type look string

const (
	lookAhead   look = "ahead"
	lookVisited look = "visited"
	lookCurrent look = "current"
	lookBroken  look = "broken"
)

// looks are the colours of fill and line for each look.
var looks = []struct {
	look
	fill, line string
}{
	{lookAhead, "#ffffff", "#9aa0a6"}, {lookVisited, "#d7f0dc", "#2e7d32"},
	{lookCurrent, "#fff3c4", "#b58900"}, {lookBroken, "#fbd5d5", "#c62828"},
}

func (w drawing) lookOf(state string) look {
	switch {
	case state == w.failedIn, state == w.at && w.broken:
		return lookBroken
	case state == w.at && w.States[state].End == "":
		return lookCurrent
	case w.visited[state]:
		return lookVisited
	}
	return lookAhead
}

// label is what stands on an arrow: its events and, of one that was taken,
// when and how often.
func (w drawing) label(a arrow) string {
	p, taken := w.taken[[2]string{a.from, a.to}]
	if !taken {
		return a.label
	}
	text := a.label + " " + p.at.UTC().Format("15:04:05")
	if p.times > 1 {
		text += fmt.Sprintf(" ×%d", p.times)
	}
	return text
}

func (w drawing) mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, l := range looks {
		fmt.Fprintf(&b, "    classDef %s fill:%s,stroke:%s\n", l.look, l.fill, l.line)
	}
	fmt.Fprintf(&b, "    [*] --> %s: %s\n", w.Initial, w.label(arrow{"", "accept", w.Initial}))
	for _, a := range w.arrows() {
		// A colon would end the label.
		fmt.Fprintf(&b, "    %s --> %s: %s\n", a.from, a.to, strings.ReplaceAll(w.label(a), ":", "#58;"))
	}
	for _, name := range w.order {
		if w.States[name].End != "" {
			fmt.Fprintf(&b, "    %s --> [*]\n", name)
		}
		fmt.Fprintf(&b, "    class %s %s\n", name, w.lookOf(name))
	}
	return b.String()
}

func (w drawing) dot() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n    node [shape=box, style=\"rounded,filled\"];\n", w.Name)
	for _, name := range w.order {
		l := w.colours(name)
		fmt.Fprintf(&b, "    %s [tooltip=%q, fillcolor=%q, color=%q];\n", name, w.States[name].Summary, l.fill, l.line)
	}
	for _, a := range w.arrows() {
		style := `color="#9aa0a6", fontcolor="#9aa0a6"`
		if _, taken := w.taken[[2]string{a.from, a.to}]; taken {
			style = `penwidth=2`
		}
		fmt.Fprintf(&b, "    %s -> %s [label=%q, %s];\n", a.from, a.to, w.label(a), style)
	}
	b.WriteString("}\n")
	return b.String()
}

func (w drawing) colours(state string) (c struct{ fill, line string }) {
	for _, l := range looks {
		if l.look == w.lookOf(state) {
			c.fill, c.line = l.fill, l.line
		}
	}
	return c
}
