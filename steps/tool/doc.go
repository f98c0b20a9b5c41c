// Package tool is mariabackup and xtrabackup: which of them is there, which
// servers it fits, its command lines, and what it prints and writes: metadata,
// marks of renamed tables, the copied redo log.
//
// What must stay true:
//
//   - Its word that it succeeded is no proof: every exit code, the last line,
//     the metadata files and the length of the copied log count.
//   - A command line holds no secret, and names the data directory itself.
//
// Of ours it imports disk, job and server.
package tool
