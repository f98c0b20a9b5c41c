package main

import (
	"strings"
	"testing"
)

// What a reader is told to put into the configuration is taken by it.
func TestDocsConfigurationIsValid(t *testing.T) {
	t.Parallel()
	found := 0
	for _, block := range docsCode(t, "yaml") {
		key, _, _ := strings.Cut(block, ":")
		if _, ours := findSetting(key); !ours {
			continue
		}
		found++
		loaded := loadConfig(writeConfig(t, minimal+block), testHost("/usr/bin/mariadb-backup"))
		if len(loaded.problems)+len(loaded.warnings) > 0 {
			t.Errorf("%s\nproblems %v, warnings %v", block, loaded.problems, loaded.warnings)
		}
	}
	if found < 2 {
		t.Errorf("%d blocks set a key", found)
	}
}
