package screen

import (
	"slices"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

func TestForestHoldsEveryBackupOnce(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][]api.BackupView{
		"itself":   {{ID: "a", FromBackupID: "a"}},
		"ring":     {{ID: "a", FromBackupID: "b"}, {ID: "b", FromBackupID: "a"}, {ID: "c", FromBackupID: "b"}},
		"orphans":  {{ID: "a", FromBackupID: "gone"}, {ID: "b", FromBackupID: "a"}},
		"branches": {{ID: "a"}, {ID: "b", FromBackupID: "a"}, {ID: "c", FromBackupID: "a"}, {ID: "d", FromBackupID: "b"}},
	} {
		seen := map[string]int{}
		for _, row := range NewChains(list).Forest() {
			seen[row.Backup.ID]++
		}
		for _, b := range list {
			if seen[b.ID] != 1 {
				t.Errorf("%s: %s is drawn %d times", name, b.ID, seen[b.ID])
			}
		}
	}
}

func TestWalkAlongAChain(t *testing.T) {
	t.Parallel()
	c := NewChains([]api.BackupView{
		{ID: "full"}, {ID: "inc", FromBackupID: "full"}, {ID: "last", FromBackupID: "inc"},
		{ID: "lost", FromBackupID: "gone"}, {ID: "x", FromBackupID: "y"}, {ID: "y", FromBackupID: "x"},
	})
	for id, want := range map[string]struct {
		links []string
		end   End
	}{
		"full": {[]string{"full"}, AtFull},
		"last": {[]string{"full", "inc", "last"}, AtFull},
		"lost": {[]string{"lost"}, AtMissing},
		"gone": {nil, AtMissing},
		"x":    {[]string{"y", "x"}, AtItself},
	} {
		if links, end := c.Walk(id); !slices.Equal(links, want.links) || end != want.end {
			t.Errorf("%s: %v, %v, want %v, %v", id, links, end, want.links, want.end)
		}
	}
}
