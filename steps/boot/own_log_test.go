package boot

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// The log that a backup has is found by whatever index lists it, and listed where it
// lies now.
func TestLogOfTheBackup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  ownLog
		text  string
	}{
		"none": {map[string]string{"ibdata1": "", "other.index": "./other.000007\n"}, ownLog{"my.log", "my.log.index", ""}, ""},
		"its own index": {map[string]string{"my.log.000007": "log", "my.log.index": "/var/log/mysql/my.log.000007\n"},
			ownLog{"my.log", "my.log.index", "my.log.000007"}, "./my.log.000007\n"},
		"an index of another name": {map[string]string{"my.log.000007": "log", "list.index": "my.log.000007\n", "my.index": ""},
			ownLog{"my.log", "list.index", "my.log.000007"}, "./my.log.000007\n"},
		"no index": {map[string]string{"my.log.000007": "log"}, ownLog{"my.log", "my.log.index", "my.log.000007"}, "./my.log.000007\n"},
		"a replay has begun it anew": {map[string]string{"my.log.000001": "log", "list.index": "./my.log.000001\n"},
			ownLog{"my.log", "list.index", ""}, "./my.log.000001\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			testkit.Write(t, folder, test.files)
			got, err := findLog(folder, "my.log.000007")
			if err != nil || got != test.want {
				t.Fatalf("got %+v, %v", got, err)
			}
			if err := got.list(folder); err != nil {
				t.Fatal(err)
			}
			if text, _ := os.ReadFile(filepath.Join(folder, got.index)); string(text) != test.text {
				t.Errorf("it lists %q, want %q", text, test.text)
			}
		})
	}
}
