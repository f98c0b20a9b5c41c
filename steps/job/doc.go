// Package job is the programs that outlive the daemon: it starts the daemon's
// own program again as a supervisor, which runs a tool, or a tool and a shell
// command with a stream between them, and keeps what came of it in the job's
// folder. A daemon that starts again adopts the supervisor by its identity.
//
//	daemon                       job's folder            supervisor
//	  │ Create ────────────────▶ spec.json
//	  │ Launch ──────────────────────────────────────────▶ │ waits
//	  │   (the caller records the identity)                │
//	  │ Release ─────────────────────────────────────────▶ │
//	  │                          output, shell      ◀───── ├─▶ programs
//	  │ Wait ◀────────────────── result.json        ◀───── ┘
//	  │ KeepLog, Remove          (logs/OPERATION/SEQ.PART.zst)
//
// What must stay true:
//
//   - No program starts before the caller has recorded who will supervise it.
//   - A pid is never trusted or signalled without its start time and boot id.
//   - The programs end with their supervisor; how they ended is never invented.
//   - No secret is in a file, a command line or a log.
//
// It imports disk, digest and stream of ours, and starts programs. It knows nothing of
// databases.
package job
