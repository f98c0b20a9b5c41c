package main

import (
	"encoding/json"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestConfigKeys(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "config", "keys")
	testkit.Golden(t, "config/keys.txt", in.stdout.String())
	in = newInvocation(t, nil)
	in.expect(t, exitOK, "config", "keys", "--json")
	var views []keyView
	if err := json.Unmarshal(in.stdout.Bytes(), &views); err != nil {
		t.Fatal(err)
	}
	if len(views) != len(settings) || views[0] != (keyView{Key: "db_type", Required: true, Default: "required", Meaning: keyNotes["db_type"].meaning}) {
		t.Errorf("got %+v", views)
	}
}

func TestEveryKeyHasANote(t *testing.T) {
	t.Parallel()
	for _, s := range settings {
		note := keyNotes[s.key]
		if note.meaning == "" {
			t.Errorf("%s has no meaning", s.key)
		}
		if s.computed != (note.rule != "") {
			t.Errorf("%s: computed %v, but the rule is %q", s.key, s.computed, note.rule)
		}
		if (s.computed || s.required) != (note.example != nil) {
			t.Errorf("%s: required %v, computed %v, but the example is %v", s.key, s.required, s.computed, note.example)
		}
	}
	if len(keyNotes) != len(settings) {
		t.Errorf("%d notes for %d keys", len(keyNotes), len(settings))
	}
}
