// Package server is the database server: how one logs in to it, what it says of
// itself, which grants an account has, and its data directory, whether the
// server runs or not.
//
// What must stay true:
//
//   - A server is known to be down only when nobody holds a lock on its data
//     files: a refused connection alone proves little.
//   - The server is only asked. Nothing here changes its data or settings.
//   - A password is in no error, and Redact takes it out of what others print.
//
// Of ours it imports optionfile, disk, and job for the identity of a process. It
// alone, with boot and counts, speaks to servers, through go-sql-driver.
package server
