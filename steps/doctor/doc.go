// Package doctor looks at the whole set-up of a host, as the operations would,
// and says of each thing whether it is in order and what to do. It changes
// nothing.
//
// Of ours it imports steps, the rooms below them, and the record types of
// persistence.
package doctor
