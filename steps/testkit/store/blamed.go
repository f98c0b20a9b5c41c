package storetest

import (
	"errors"
	"testing"

	"dbcalm-db-cmd/steps/store"
)

// Blamed returns the Damage in an error, and fails the test if there is none.
func Blamed(t *testing.T, err error) *store.Damage {
	t.Helper()
	damage, found := errors.AsType[*store.Damage](err)
	if !found {
		t.Fatalf("no backup is to blame for: %v", err)
	}
	return damage
}
