package xtrabackuptest

import (
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }
