// Package digest hashes the files of a folder while a program fills it: each as
// soon as the program has closed it, so that little is left to do when the
// program ends.
//
//	program ── closes a file ──▶ inotify ──▶ queue ──▶ workers: version, hash
//	                                                        │
//	   seal ◀── those whose version is still the same ◀── List
//
// A digest is a claim about a version of a file, taken before the first byte was
// read: inode, size, and the times of the last write and change. Who uses it
// compares that with the file; whatever wrote to the file since, or put another
// in its place, has changed it. What has no digest, or one of another version, is
// hashed when all is over, as if nobody had hashed anything: a file that changed,
// one whose closing was not told because too much happened at once, all of them
// when the supervisor was killed.
//
// What must stay true:
//
//   - A version is only taken when the clock has gone on since the file's newest
//     change: a later change within the same tick would not be seen.
//   - Nothing is hashed where times are not this machine's own, or where the
//     kernel does not tell a sync of all that could not be written.
//   - No link is followed, and no file is read that has other names.
//
// Files can be compressed in the same pass: packs, which lie beside the folder,
// until it is proved as the tool has left it.
//
// Of ours it imports disk and stream.
package digest
