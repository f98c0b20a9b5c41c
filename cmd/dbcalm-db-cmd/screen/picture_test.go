package screen

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

func TestPictureOfOperations(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, views := range [][]api.OperationView{{samples.Measured(), samples.Waiting()}, {samples.Rewound()},
		{samples.Succeeded()}, {samples.Failed()}} {
		b.WriteString(strings.Join(drawing(views, samples.At(70)), "\n") + "\n----\n")
	}
	testkit.Golden(t, "watch/picture.txt", b.String())
}

func TestPictureIsDrawnOver(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &picture{out: &out, now: func() time.Time { return samples.At(70) }, size: func() int { return 40 }}
	p.Show([]api.OperationView{samples.Measured()})
	first := out.Len()
	if strings.Contains(out.String(), "\x1b[4A") || strings.Count(out.String(), "\n") != 4 {
		t.Errorf("first drawing: %q", out.String())
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if n := len([]rune(line)); n > 40+len("\r\x1b[J") {
			t.Errorf("a line of %d columns would break: %q", n, line)
		}
	}
	p.Show([]api.OperationView{samples.Measured()})
	if again := out.String()[first:]; !strings.HasPrefix(again, "\x1b[4A\r\x1b[J") {
		t.Errorf("second drawing: %q", again)
	}
	p.Note("no daemon\x1b[0m")
	before := out.Len()
	p.Show([]api.OperationView{samples.Measured()})
	if again := out.String()[before:]; strings.Contains(again, "A\r") {
		t.Errorf("a drawing over a note: %q", again)
	}
}
