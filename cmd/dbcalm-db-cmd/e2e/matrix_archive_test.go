//go:build matrix

package e2e

func init() {
	rungs = append(rungs,
		rung{about: "the binary log is archived, whatever the server does with it", folder: "steps/archive",
			mariadb: "^(TestCollectorFollowsTheServer|TestAllThatWasCommittedIsArchived|TestFilesThatWereNotWrittenWhole)$"},
		rung{about: "a prepared backup is brought to any moment", folder: "steps/boot", mariadb: "^TestReplayToAnyMoment$"})
}
