package definition

import (
	"fmt"
	"strings"
)

// Graph draws a machine as mermaid or dot (Graphviz).
func Graph(name, format string) (string, error) {
	d, err := Load(name)
	if err != nil {
		return "", err
	}
	switch format {
	case "mermaid":
		return d.mermaid(), nil
	case "dot":
		return d.dot(), nil
	}
	return "", fmt.Errorf("unknown format '%s': use mermaid or dot", format)
}

// arrow is what is drawn for all edges between the same two states.
type arrow struct{ from, label, to string }

func (d *Definition) arrows() []arrow {
	var list []arrow
	index := map[[2]string]int{}
	for _, e := range d.Edges() {
		key := [2]string{e.From, e.To}
		if i, found := index[key]; found {
			list[i].label += ", " + e.Event
			continue
		}
		index[key] = len(list)
		list = append(list, arrow{e.From, e.Event, e.To})
	}
	return list
}

// mermaid follows https://mermaid.js.org/syntax/stateDiagram.html.
func (d *Definition) mermaid() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stateDiagram-v2\n    [*] --> %s: accept\n", d.Initial)
	for _, a := range d.arrows() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", a.from, a.to, a.label)
	}
	for _, name := range d.order {
		if d.States[name].End != "" {
			fmt.Fprintf(&b, "    %s --> [*]\n", name)
		}
	}
	return b.String()
}

// dot follows https://graphviz.org/doc/info/lang.html.
func (d *Definition) dot() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n    node [shape=box, style=rounded];\n", d.Name)
	for _, name := range d.order {
		shape := ""
		if d.States[name].End != "" {
			shape = ", shape=doubleoctagon"
		}
		fmt.Fprintf(&b, "    %s [label=%q, tooltip=%q%s];\n", name, name, d.States[name].Summary, shape)
	}
	for _, a := range d.arrows() {
		fmt.Fprintf(&b, "    %s -> %s [label=%q];\n", a.from, a.to, a.label)
	}
	b.WriteString("}\n")
	return b.String()
}
