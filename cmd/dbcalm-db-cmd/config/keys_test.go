package config

import "testing"

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
