// Package socket binds Unix sockets: it finds their paths, makes way where a
// dead program has left one, and gives each its group and mode.
//
// It imports nothing of ours.
//
// What must stay true:
//
//   - A socket path is never visible with the wrong mode or group, is never taken
//     from a program that still listens on it, and is removed only while it is the
//     file that was made here.
package socket
