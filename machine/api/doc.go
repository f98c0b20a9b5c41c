// Package api is what is asked of the machines and what they answer: requests,
// views, reports, figures, and refusals with a sentence for the person who
// asked (Error).
//
// It may import persistence and steps, for the words that they share with those
// who ask: levels, arguments, plans. It does nothing itself, so that whoever
// speaks for a client, as package transport does, needs no more than this.
//
// What must stay true:
//
//   - Fields and their JSON names are a contract with programs that are not ours:
//     they grow, and what is there stays.
package api
