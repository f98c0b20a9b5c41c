// Package manual is what an administrator reads: one page a subject, each a
// Markdown file here that is part of the program. GitHub shows the files as
// they are; a terminal gets a page as Text lays it out, and man as Roff does.
//
// A page is named by its file. Its first line, a heading, says in a few words
// what it is about; links to other pages name their files. Parts that repeat
// what the program says stand between two "generated" comments and are made,
// and compared, by the tests of the command line.
//
// What must stay true:
//
//   - No page repeats another, or what the program prints: such a page is made
//     by whoever knows what is printed, with New.
//   - Nothing a reader sees is lost on the way to a terminal or to man.
//
// It imports nothing of ours.
package manual
