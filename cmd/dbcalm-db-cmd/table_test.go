package main

import "testing"

func TestTable(t *testing.T) {
	t.Parallel()
	table := table{header: []string{"NAME", "SIZE", "NOTE"}, right: []int{1}, indent: " "}
	table.add("├─ é", "1", "")
	table.add("b", "1000", "two\nlines")
	want := " NAME  SIZE  NOTE\n" +
		" ├─ é     1\n" +
		" b     1000  two lines\n"
	if got := table.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
