// Package disk is what makes a file durable: writing and renaming it so that it
// is there whole or not at all after a power cut, hashing and measuring what is
// read, room, owners, and what a file is whatever it is called.
//
// What must stay true:
//
//   - A name is durable only when the folder that holds it was synced.
//   - No rename ever replaces anything.
//
// Of ours it imports nothing but crashpoint.
package disk
