// Package monitor tells Prometheus, and whoever asks for the daemon's health,
// on a socket of its own by which nothing can be changed.
//
// It may import machine/api, for figures and health, and of transport's rooms access,
// socket and wire; it alone imports the Prometheus client.
//
// What must stay true:
//
//   - A Monitor listens where only this host can reach it.
//   - It remembers nothing: what it tells comes from the database at every scrape.
//   - Whoever asks it often makes the daemon neither write nor log often.
package monitor
