package store_test

import (
	"testing"

	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }

// testStore is a store whose folders are the test's own.
type testStore struct {
	*store.Store
	*storetest.Kit
}

func newStore(t *testing.T) *testStore {
	t.Helper()
	k := storetest.New(t)
	return &testStore{Store: k.Backups, Kit: k}
}

// twoLinks is a store with a full backup and an incremental on it.
func twoLinks(t *testing.T) *testStore {
	t.Helper()
	s := newStore(t)
	s.TwoLinks()
	return s
}
