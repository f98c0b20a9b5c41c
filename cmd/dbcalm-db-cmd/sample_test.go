package main

import (
	"time"

	"dbcalm-db-cmd/machine"
)

const (
	firstID  = "8f1c2f6a-52f7-4a53-9d4e-0c3b5e0f7a11"
	secondID = "8f9d0000-0000-4000-8000-000000000002"
	thirdID  = "aa000000-0000-4000-8000-000000000003"
	fourthID = "bb000000-0000-4000-8000-000000000004"
)

// at is a moment of the day before noon, so many seconds after ten.
func at(seconds float64) time.Time {
	return noon.Add(-2*time.Hour + time.Duration(seconds*float64(time.Second)))
}

func sampleOperations() []machine.OperationSummary {
	lastly := noon.Add(-12 * time.Second)
	return []machine.OperationSummary{
		{ID: fourthID, Machine: "incremental_backup", Backup: "inc-3", State: "validate", Status: "waiting", CreatedAt: lastly},
		{ID: thirdID, Machine: "restore_folder", Backup: "inc-2", State: "stage", Status: "running", Attempt: 2,
			CreatedAt: noon.Add(-5 * time.Minute), StartedAt: new(noon.Add(-92 * time.Second))},
		{ID: secondID, Machine: "full_backup", Backup: "full-2", State: "failed", Status: "failed", Attempt: 1,
			Error:     "The backup disk is full: 1.2 GiB are missing on /var/backups/dbcalm; make room and try again\nmariabackup: write error: No space left on device",
			CreatedAt: at(100), StartedAt: new(at(100)), FinishedAt: new(at(104.2))},
		{ID: firstID, Machine: "full_backup", Backup: "full-1", State: "done", Status: "succeeded", Attempt: 1,
			CreatedAt: at(0), StartedAt: new(at(0.1)), FinishedAt: new(at(3723))},
	}
}

func succeededView() machine.OperationView {
	return machine.OperationView{
		OperationSummary: sampleOperations()[3],
		Args:             machine.Args{ID: "full-1", ScheduleID: new(int64(7))},
		Transitions: []machine.TransitionView{
			{Seq: 1, Event: "accepted", To: "validate", Attempt: 1, At: at(0)},
			{Seq: 2, From: "validate", Event: "ok", To: "copy", Attempt: 1, At: at(0.25), Reason: "MariaDB 10.11.6, 4.2 GiB to copy, 80 GiB free"},
			{Seq: 3, From: "copy", Event: "ok", To: "record", Attempt: 1, At: at(3700)},
			{Seq: 4, From: "record", Event: "ok", To: "done", Attempt: 1, At: at(3723), Reason: "LSN 0 to 123456789"},
		},
		Processes: []machine.ProcessView{{
			ID: 1, Command: "/usr/bin/mariadb-backup --defaults-file=/etc/dbcalm/credentials.cnf --defaults-group-suffix=-dbcalm --backup",
			PID: new(int64(4711)), Status: "success", ReturnCode: new(int64(0)), StartTime: at(1), EndTime: new(at(3699)),
		}},
	}
}

func failedView() machine.OperationView {
	view := machine.OperationView{
		OperationSummary: sampleOperations()[2],
		Args:             machine.Args{IDList: []string{"full-1", "inc-1"}, Target: "folder"},
		Transitions: []machine.TransitionView{
			{Seq: 1, Event: "accepted", To: "validate", Attempt: 1, At: at(100)},
			{Seq: 2, From: "validate", Event: "failed", To: "failed", Attempt: 1, At: at(104.2), Reason: "The backup disk is full"},
		},
		Processes: []machine.ProcessView{
			{ID: 2, Command: "mariabackup --backup", Status: "failed", ReturnCode: new(int64(1)), StartTime: at(101), EndTime: new(at(104)),
				Error: "mariabackup: write error: No space left on device"},
			{ID: 3, Command: "cleanup", Status: "failed", StartTime: at(104), EndTime: new(at(104.1)), Error: "first\x1b[0m line\nsecond line"},
		},
	}
	view.AskedBy = &machine.Asker{UID: 1001, Name: "alice", PID: 4242, Program: "/usr/bin/python3"}
	return view
}

func runningView() machine.OperationView {
	return machine.OperationView{
		OperationSummary: sampleOperations()[1],
		Args:             machine.Args{IDList: []string{"full-1", "inc-1", "inc-2"}, Target: "folder", TmpDir: "/b/restores/x"},
		Cancellable:      true,
		Processes: []machine.ProcessView{
			{ID: 4, Command: "cp", Status: "running", PID: new(int64(12)), StartTime: noon.Add(-80 * time.Second)},
		},
	}
}

func sampleBackups() []machine.BackupView {
	backup := func(id, from, form string, hours float64, size int64, fromLSN, toLSN uint64) machine.BackupView {
		start := at(hours * 3600)
		return machine.BackupView{
			ID: id, FromBackupID: from, StartTime: start, EndTime: new(start.Add(92 * time.Second)),
			Size: &size, Form: form, FromLSN: fromLSN, ToLSN: toLSN,
		}
	}
	list := []machine.BackupView{
		backup("full-2", "", "forwarded+zstd", -1, 5<<30, 0, 99_000_000),
		backup("inc-1b", "full-1", "stream+gzip", -2.2, 300<<20, 1_000_000, 3_500_000),
		backup("inc-1", "full-1", "directory", -3, 200<<20, 1_000_000, 2_000_000),
		backup("full-1", "", "directory", -4, 1181116006, 0, 1_000_000),
		backup("inc-2", "inc-1", "zstd", -2, 1<<20, 2_000_000, 3_000_000),
		backup("inc-3", "inc-2", "stream+zstd", -1.5, 4096, 3_000_000, 3_000_000),
		backup("lost-1", "gone", "directory", -5, 4096, 10, 20),
		{ID: "bare", StartTime: at(-900), Problem: "its folder /var/backups/dbcalm/bare is missing"},
	}
	return list
}
