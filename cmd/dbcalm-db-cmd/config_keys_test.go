package main

import (
	"encoding/json"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/steps/testkit"
)

func TestConfigKeys(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "config", "keys")
	testkit.Golden(t, "config/keys.txt", in.stdout.String())
	in = newInvocation(t, nil)
	in.expect(t, exitOK, "config", "keys", "--json")
	var views []config.Key
	if err := json.Unmarshal(in.stdout.Bytes(), &views); err != nil {
		t.Fatal(err)
	}
	if want := config.Keys(); len(views) != len(want) || views[0] != want[0] {
		t.Errorf("got %+v", views)
	}
}
