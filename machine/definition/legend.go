package definition

import (
	"fmt"
	"strings"
)

// word is a key or a value of a definition, and what it means.
type word struct{ name, meaning string }

// machineKeys, stateKeys and policies are all that a definition is written in.
var (
	machineKeys = []word{
		{"name", "what the machine is called, as its file is"},
		{"summary", "what it does, in a sentence"},
		{"command", "the command that an operation of it carries out"},
		{"target", "the target of that command which it is for"},
		{"replaces_data_directory", "afterwards no incremental may stand on a backup from before"},
		{"process", "what other programs file its processes under"},
		{"slot", "an operation counts against max_concurrent"},
		{"exclusive", "one operation of it runs at a time"},
		{"initial", "the state in which an operation waits for its turn"},
		{"states", "the states, in the order in which they are drawn"},
	}
	stateKeys = []word{
		{"summary", "what is done in the state, or what is true at the end"},
		{"step", "the work that is done in it"},
		{"on", "where each event leads: an outcome of the step, start, or retry"},
		{"interrupted", "what follows an interruption, in order of preference"},
		{"limit", fmt.Sprintf("how many interruptions are survived (%d unless given)", DefaultLimit)},
		{"exhausted", "where one more leads (where failed leads unless given)"},
		{"cancel", "where a cancel leads; without it, a cancel comes too late"},
		{"cleanup", "the operation has failed or been cancelled, and tidies up"},
		{"end", "how an operation that comes here has ended"},
	}
	policies = []word{
		{PolicyAdopt, "the program still runs or has left a result: go on with it"},
		{PolicyProbe, "look whether the work was done; if so, go on"},
		{PolicyRedo, "do the state's work again"},
		{PolicyRewind, "go back to a state before it, and on from there"},
		{PolicyHalt, "stop and wait for a person"},
	}
)

// Legend explains the keys of definitions, as comments of their files.
func Legend() string {
	var b strings.Builder
	for _, part := range []struct {
		title string
		words []word
	}{{"A machine's keys", machineKeys}, {"A state's keys", stateKeys}, {"Under interrupted", policies}} {
		fmt.Fprintf(&b, "#\n# %s\n", part.title)
		for _, w := range part.words {
			fmt.Fprintf(&b, "#   %-23s  %s\n", w.name, w.meaning)
		}
	}
	return b.String()
}
