package main

import (
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
)

// What a reader is told to put into the configuration is taken by it.
func TestDocsConfigurationIsValid(t *testing.T) {
	t.Parallel()
	found := 0
	for _, block := range docsCode(t, "yaml") {
		key, _, _ := strings.Cut(block, ":")
		if !slices.ContainsFunc(config.Keys(), func(k config.Key) bool { return k.Key == key }) {
			continue
		}
		found++
		loaded := config.Load(configtest.Write(t, configtest.Minimal+block), testHost())
		if len(loaded.Problems)+len(loaded.Warnings) > 0 {
			t.Errorf("%s\nproblems %v, warnings %v", block, loaded.Problems, loaded.Warnings)
		}
	}
	if found < 2 {
		t.Errorf("%d blocks set a key", found)
	}
}
