// Package samples has operations and backups of every kind, as a daemon tells of
// them. It is for the tests of the command line and of its screens.
package samples

import (
	"time"

	"dbcalm-db-cmd/machine/api"
)

// Noon is the time it is in every test that does not say otherwise.
var Noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// The ids of the operations.
const (
	FirstID  = "8f1c2f6a-52f7-4a53-9d4e-0c3b5e0f7a11"
	SecondID = "8f9d0000-0000-4000-8000-000000000002"
	ThirdID  = "aa000000-0000-4000-8000-000000000003"
	FourthID = "bb000000-0000-4000-8000-000000000004"
)

// At is a moment of the day before noon, so many seconds after ten.
func At(seconds float64) time.Time {
	return Noon.Add(-2*time.Hour + time.Duration(seconds*float64(time.Second)))
}

// Operations returns one operation of each status, newest first.
func Operations() []api.OperationSummary {
	lastly := Noon.Add(-12 * time.Second)
	return []api.OperationSummary{
		{ID: FourthID, Machine: "incremental_backup", Backup: "inc-3", State: "validate", Status: "waiting", CreatedAt: lastly},
		{ID: ThirdID, Machine: "restore_folder", Backup: "inc-2", State: "stage", Status: "running", Attempt: 2,
			CreatedAt: Noon.Add(-5 * time.Minute), StartedAt: new(Noon.Add(-92 * time.Second))},
		{ID: SecondID, Machine: "full_backup", Backup: "full-2", State: "failed", Status: "failed", Attempt: 1,
			Error: "The backup disk is full: 1.2 GiB are missing on /var/backups/dbcalm; make room and try again\nmariabackup: " +
				"write error: No space left on device",
			CreatedAt: At(100), StartedAt: new(At(100)), FinishedAt: new(At(104.2))},
		{ID: FirstID, Machine: "full_backup", Backup: "full-1", State: "done", Status: "succeeded", Attempt: 1,
			CreatedAt: At(0), StartedAt: new(At(0.1)), FinishedAt: new(At(3723))},
	}
}

// Succeeded returns a full backup that took an hour.
func Succeeded() api.OperationView {
	return api.OperationView{
		OperationSummary: Operations()[3],
		Args:             api.Args{ID: "full-1", ScheduleID: new(int64(7))},
		Transitions: []api.TransitionView{
			{Seq: 1, Event: "accepted", To: "validate", Attempt: 1, At: At(0)},
			{Seq: 2, From: "validate", Event: "ok", To: "copy", Attempt: 1, At: At(0.25), Reason: "MariaDB 10.11.6, 4.2 GiB to copy, 80 GiB free"},
			{Seq: 3, From: "copy", Event: "ok", To: "record", Attempt: 1, At: At(3700)},
			{Seq: 4, From: "record", Event: "ok", To: "done", Attempt: 1, At: At(3723), Reason: "LSN 0 to 123456789"},
		},
		Processes: []api.ProcessView{{
			ID: 1, Command: "/usr/bin/mariadb-backup --defaults-file=/etc/dbcalm/credentials.cnf --defaults-group-suffix=-dbcalm --backup",
			PID: new(int64(4711)), Status: "success", ReturnCode: new(int64(0)), StartTime: At(1), EndTime: new(At(3699)),
		}},
	}
}

// Failed returns an operation that ended for want of room.
func Failed() api.OperationView {
	view := api.OperationView{
		OperationSummary: Operations()[2],
		Args:             api.Args{IDList: []string{"full-1", "inc-1"}, Target: "folder"},
		Transitions: []api.TransitionView{
			{Seq: 1, Event: "accepted", To: "validate", Attempt: 1, At: At(100)},
			{Seq: 2, From: "validate", Event: "failed", To: "failed", Attempt: 1, At: At(104.2), Reason: "The backup disk is full"},
		},
		Processes: []api.ProcessView{
			{ID: 2, Command: "mariabackup --backup", Status: "failed", ReturnCode: new(int64(1)), StartTime: At(101), EndTime: new(At(104)),
				Error: "mariabackup: write error: No space left on device"},
			{ID: 3, Command: "cleanup", Status: "failed", StartTime: At(104), EndTime: new(At(104.1)), Error: "first\x1b[0m line\nsecond line"},
		},
	}
	view.AskedBy = &api.Asker{UID: 1001, Name: "alice", PID: 4242, Program: "/usr/bin/python3"}
	return view
}

// Running returns a restore under way.
func Running() api.OperationView {
	return api.OperationView{
		OperationSummary: Operations()[1],
		Args:             api.Args{IDList: []string{"full-1", "inc-1", "inc-2"}, Target: "folder", TmpDir: "/b/restores/x"},
		Cancellable:      true,
		Processes: []api.ProcessView{
			{ID: 4, Command: "cp", Status: "running", PID: new(int64(12)), StartTime: Noon.Add(-80 * time.Second)},
		},
	}
}

// Backups returns chains that branch, one that is broken, and a backup with a problem.
func Backups() []api.BackupView {
	backup := func(id, from, form string, hours float64, size int64, fromLSN, toLSN uint64) api.BackupView {
		start := At(hours * 3600)
		data := size
		if form != "directory" {
			data *= 3
		}
		return api.BackupView{
			ID: id, FromBackupID: from, StartTime: start, EndTime: new(start.Add(92 * time.Second)),
			Size: &size, DataSize: &data, ServerVersion: "10.11.6-MariaDB-0+deb12u1", Form: form, FromLSN: fromLSN, ToLSN: toLSN,
		}
	}
	list := []api.BackupView{
		backup("full-2", "", "forwarded+zstd", -1, 5<<30, 0, 99_000_000),
		backup("inc-1b", "full-1", "stream+gzip", -2.2, 300<<20, 1_000_000, 3_500_000),
		backup("inc-1", "full-1", "directory", -3, 200<<20, 1_000_000, 2_000_000),
		backup("full-1", "", "directory", -4, 1181116006, 0, 1_000_000),
		backup("inc-2", "inc-1", "zstd", -2, 1<<20, 2_000_000, 3_000_000),
		backup("inc-3", "inc-2", "stream+zstd", -1.5, 4096, 3_000_000, 3_000_000),
		backup("lost-1", "gone", "directory", -5, 4096, 10, 20),
		{ID: "bare", StartTime: At(-900), Problem: "its folder /var/backups/dbcalm/bare is missing"},
	}
	return list
}

// Waiting returns an operation before its turn.
func Waiting() api.OperationView {
	view := Succeeded()
	view.State, view.Status, view.StartedAt, view.FinishedAt = "validate", "waiting", nil, nil
	view.Transitions = view.Transitions[:1]
	return view
}

// Copying returns a full backup that copies.
func Copying() api.OperationView {
	view := Succeeded()
	view.State, view.Status, view.FinishedAt = "copy", "running", nil
	view.Transitions = view.Transitions[:2]
	return view
}

// Measured is a copy under way, 47 % of it done.
func Measured() api.OperationView {
	view := Copying()
	left := 12.3
	view.Progress = &api.ProgressView{What: "the tool copies the database into the private folder",
		DoneBytes: 1261 << 20, TotalBytes: 2662 << 20, BytesPerSecond: 126141235, SecondsLeft: &left, Since: At(0.25)}
	return view
}

// Rewound returns a copy that was begun again after an interruption.
func Rewound() api.OperationView {
	view := Succeeded()
	view.State, view.Status, view.FinishedAt = "copy", "running", nil
	view.Transitions = []api.TransitionView{
		{Seq: 1, Event: "accepted", To: "queued", At: At(0)},
		{Seq: 2, From: "queued", Event: "start", To: "validate", At: At(1)},
		{Seq: 3, From: "validate", Event: "ok", To: "reserve", At: At(2)},
		{Seq: 4, From: "reserve", Event: "ok", To: "copy", At: At(3)},
		{Seq: 5, From: "copy", Event: "adopt", To: "copy", At: At(4)},
		{Seq: 6, From: "copy", Event: "rewind", To: "reserve", At: At(60)},
		{Seq: 7, From: "reserve", Event: "ok", To: "copy", At: At(61)},
	}
	return view
}
