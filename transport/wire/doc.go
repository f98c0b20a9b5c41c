// Package wire is what both ends of the socket say: the commands' names, the
// shapes of requests and answers, the codes, and how an answer becomes bytes.
//
// It may import machine/api, for the views that answers carry. It opens nothing and
// decides nothing.
//
// What must stay true:
//
//   - The names and shapes are a contract with programs that are not ours: they
//     grow, and what is there stays to the letter.
//   - Answers that other programs rely on are smaller than AnswerLimit.
//   - No control character of what others have said goes out.
package wire
