package config

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
)

// The example is a configuration without a problem as it is, and also with
// every key in it: whoever takes a # away gets what it says.
func TestConfigExampleIsRight(t *testing.T) {
	t.Parallel()
	text, err := Example("dbcalm-db-cmd")
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(text, "$1")
	for _, s := range settings {
		if strings.Count("\n"+all, "\n"+s.key+":") != 1 {
			t.Errorf("%s is not in it once", s.key)
		}
	}
	for name, content := range map[string]string{"as it is": text, "with every key": all} {
		path := configtest.Write(t, content)
		loaded := Load(path, hostWith("/usr/bin/mariadb-backup", "/usr/sbin/mariadbd"))
		for _, f := range append(loaded.Problems, loaded.Warnings...) {
			t.Errorf("%s: %s", name, f)
		}
		for _, v := range loaded.Values {
			s, _ := findSetting(v.Key)
			if want := s.show(Defaults(hostWith())); !s.required && keyNotes[s.key].example == nil && !reflect.DeepEqual(v.Value, want) {
				t.Errorf("%s: %s is %v, its default %v", name, v.Key, v.Value, want)
			}
		}
	}
	for line := range strings.Lines(text) {
		if len(strings.TrimSpace(line)) > exampleWidth && strings.HasPrefix(line, "# ") {
			t.Errorf("too long: %s", line)
		}
	}
}
