// Package boot starts a private server on a prepared folder and lets it check
// every table. It runs as a job, in a process of its own.
//
// What must stay true:
//
//   - The server has no network, no accounts, and writes nothing beside the
//     folder it was given.
//   - It never outlives the process that examines.
//   - What the server finds wrong with a table is damage; that it cannot be
//     started for want of something on the host is not.
//
// Of ours it imports counts, disk, job, server, tool and store.
package boot
