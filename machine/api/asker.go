package api

import (
	"context"
	"encoding/json"
	"fmt"

	"dbcalm-db-cmd/steps/printable"
)

// Asker is who asked for an operation: the program at the other end of the
// socket, as the kernel knew it when it connected. Only the UID is proof: a
// program has a name of its own choosing, and may have ended since.
type Asker struct {
	UID uint32 `json:"uid"`
	// Name is the user's; empty if it has none.
	Name string `json:"name"`
	PID  int32  `json:"pid"`
	// Program is the path of what it ran; empty where that could not be seen.
	Program string `json:"program"`
}

// String is for people: alice (1001), process 4242, /usr/bin/python3.
func (a Asker) String() string {
	text := fmt.Sprintf("user %d", a.UID)
	if a.Name != "" {
		text = fmt.Sprintf("%s (%d)", a.Name, a.UID)
	}
	if a.PID != 0 {
		text += fmt.Sprintf(", process %d", a.PID)
	}
	if a.Program != "" {
		text += ", " + a.Program
	}
	return printable.Line(text)
}

type askerKey struct{}

// AskedBy returns a context for the calls that somebody asks for: an operation
// that is accepted with it remembers them.
func AskedBy(ctx context.Context, asker Asker) context.Context {
	return context.WithValue(ctx, askerKey{}, asker)
}

// AskerOf returns who asks for the calls of a context, and whether anybody does.
func AskerOf(ctx context.Context) (asker Asker, asked bool) {
	asker, asked = ctx.Value(askerKey{}).(Asker)
	return asker, asked
}

// AskerText is who asked as it is recorded; empty where nobody did.
func AskerText(ctx context.Context) (string, error) {
	asker, asked := AskerOf(ctx)
	if !asked {
		return "", nil
	}
	text, err := json.Marshal(asker)
	return string(text), err
}

// ReadAsker reads what askerText has written. What cannot be read any more
// is as good as not recorded.
func ReadAsker(text string) *Asker {
	var asker Asker
	if text == "" || json.Unmarshal([]byte(text), &asker) != nil {
		return nil
	}
	return &asker
}
