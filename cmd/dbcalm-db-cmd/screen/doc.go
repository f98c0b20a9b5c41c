// Package screen draws for people: tables, trees of backups, time lines, an
// operation under way, in colour where a terminal takes it.
//
// It owns how all of this looks, and the two streams it goes to. It may import
// machine, for what is drawn, and human. It asks no daemon, reads no
// configuration and knows no command.
//
//	Screen ── Print, JSON          answers, on Out
//	       ├─ Note                 everything about getting them, on Err
//	       ├─ Status, Paint        colours, if Out takes them
//	       └─ DisplayOn            operations under way: a picture or lines
//	Table, Timeline, Chains.Forest what an answer is made of
//
// What must stay true:
//
//   - Text of other programs reaches a terminal only without its control
//     characters, and colours are the last thing that is done to a text.
//   - Where output is no terminal it has no colours and nothing is drawn over.
//   - A drawing holds each backup once, whatever the records say.
package screen
