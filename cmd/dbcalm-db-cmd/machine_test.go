package main

import (
	"testing"

	"dbcalm-db-cmd/machine/definition"
)

func TestMachineCommands(t *testing.T) {
	t.Parallel()
	list := newInvocation(t, nil)
	list.expect(t, exitOK, "machine", "list")
	for _, name := range definition.Names() {
		summary, err := definition.Summary(name)
		if err != nil {
			t.Fatal(err)
		}
		contains(t, "the list", list.stdout.String(), name, summary)

		source, err := definition.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		show := newInvocation(t, nil)
		show.expect(t, exitOK, "machine", "show", name)
		if show.stdout.String() != source+definition.Legend() {
			t.Errorf("machine show %s prints something else than its source and the legend", name)
		}
		for _, format := range []string{"mermaid", "dot"} {
			graph := newInvocation(t, nil)
			graph.expect(t, exitOK, "machine", "graph", name, "--format", format)
			if graph.stdout.Len() < 10 {
				t.Errorf("machine graph %s --format %s prints %q", name, format, graph.stdout.String())
			}
		}
	}
}
