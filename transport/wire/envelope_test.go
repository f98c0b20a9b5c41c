package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"dbcalm-db-cmd/steps/printable"
)

func TestAnswersStayBelowTheLimit(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]string{
		"letters":      strings.Repeat("x", 10_000),
		"runes":        strings.Repeat("äé€😀", 2_000),
		"escapes":      strings.Repeat("\x00", 10_000),
		"quotes":       strings.Repeat(`"`, 4_000),
		"mixed":        strings.Repeat("a\"\n\u2028€", 3_000),
		"invalid":      strings.Repeat("x\xff", 5_000),
		"just too big": strings.Repeat("x", AnswerLimit-len(`{"code":409,"status":"Conflict","message":""}`)),
	} {
		line := EncodeEnvelope(Envelope{Head: HeadOf(CodeConflict), Message: message})
		if !bytes.Equal(printable.JSON(line), line) {
			t.Errorf("%s: control characters in %q", name, line)
		}
		var answer Envelope
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// The next rune and its escape would not have fitted.
		if len(line) >= AnswerLimit || len(line) < AnswerLimit-20 {
			t.Errorf("%s: %d bytes", name, len(line))
		}
		kept, marked := strings.CutSuffix(answer.Message, "…")
		if !marked || !utf8.ValidString(kept) || !strings.HasPrefix(printable.Text(message), kept) {
			t.Errorf("%s: the message ends in %q", name, answer.Message[max(0, len(answer.Message)-12):])
		}
	}
}

func TestAnAnswerThatFitsIsNotCut(t *testing.T) {
	t.Parallel()
	message := strings.Repeat("x", AnswerLimit-1-len(`{"code":409,"status":"Conflict","message":""}`))
	line := EncodeEnvelope(Envelope{Head: HeadOf(CodeConflict), Message: message})
	if want := `{"code":409,"status":"Conflict","message":"` + message + `"}`; string(line) != want {
		t.Errorf("got %d bytes ending in %q", len(line), line[len(line)-10:])
	}
}
