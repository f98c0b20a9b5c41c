//go:build matrix

package e2e

func init() {
	rungs = append(rungs,
		rung{about: "any moment: the binary log is archived, whatever the server does with it", folder: "steps/archive",
			mariadb: "^(TestCollectorFollowsTheServer|TestAllThatWasCommittedIsArchived|TestFilesThatWereNotWrittenWhole)$",
			mysql:   "^TestRealMySQL(IsArchived|WithoutGTIDs|EncryptsItsLog)$"},
		rung{about: "any moment: the binary log is read as the server's own programs read it", folder: "steps/binlog",
			mariadb: "^TestReadsWhatTheVendorsProgramReads$", mysql: "^TestRealMySQLIsRead$"})
}
