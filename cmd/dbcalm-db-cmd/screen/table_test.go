package screen

import "testing"

func TestTable(t *testing.T) {
	t.Parallel()
	table := Table{Header: []string{"NAME", "SIZE", "NOTE"}, Right: []int{1}, Indent: " "}
	table.Add("├─ é", "1", "")
	table.Add("b", "1000", "two\nlines")
	want := " NAME  SIZE  NOTE\n" +
		" ├─ é     1\n" +
		" b     1000  two lines\n"
	if got := table.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
