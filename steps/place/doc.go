// Package place puts a prepared folder into place, by renames alone, and back:
// as a whole, entry by entry, or as a folder of its own.
//
//	plan ──▶ Identify ──▶ Put ──▶ in place
//	            what moves   │
//	            is recorded  └──▶ Undo ──▶ as it was found
//
// What must stay true:
//
//   - What moves is known, and recorded by its caller, before anything does.
//   - Done again after a crash at any point, Put and Undo go on where they were.
//   - Nothing is replaced. A server refuses to start on anything in between.
//
// Of ours it imports disk and server.
package place
