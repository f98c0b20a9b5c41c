package config

import (
	"encoding/json"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
	"dbcalm-db-cmd/machine/api"
)

func TestRetentionIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		value api.Retention
		shown string
	}{
		"":                                    {api.Retention{}, "{}"},
		"retention: {}":                       {api.Retention{}, "{}"},
		"retention: {full: 0}":                {api.Retention{}, "{}"},
		"retention: {full: 4}":                {api.Retention{Full: 4}, "{full: 4}"},
		"retention:\n  days: 30\n  full: 4\n": {api.Retention{Full: 4, Days: 30}, "{full: 4, days: 30}"},
		"kept: &k {days: 9}\nretention: *k":   {api.Retention{Days: 9}, "{days: 9}"},
		"n: &n 9\nretention: {days: *n}":      {api.Retention{Days: 9}, "{days: 9}"},
	} {
		path := configtest.Write(t, configtest.Minimal+text)
		loaded := Load(path, hostWith())
		if loaded.Config.Retention != want.value || len(loaded.Problems) > 0 {
			t.Errorf("%q: %+v, %v", text, loaded.Config.Retention, loaded.Problems)
		}
		for _, v := range loaded.Values {
			if v.Key != "retention" {
				continue
			}
			if shown := v.Value.(Retention).String(); shown != want.shown {
				t.Errorf("%q is shown as %s", text, shown)
			}
			var again api.Retention
			text, err := json.Marshal(v.Value)
			if err == nil {
				err = json.Unmarshal(text, &again)
			}
			if err != nil || again != want.value {
				t.Errorf("JSON: %s, %v", text, err)
			}
		}
	}
	text, err := Example("dbcalm-db-cmd")
	if err != nil || !strings.Contains(text, "\n#retention: {}\n") {
		t.Errorf("%v:\n%s", err, text)
	}
}
