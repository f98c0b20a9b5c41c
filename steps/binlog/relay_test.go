package binlog

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// What a relay log begins and ends with is read as what a server has written.
func TestRelayLogsBeginAndEnd(t *testing.T) {
	t.Parallel()
	for name, text := range recorded(t) {
		scanner := NewScanner(bytes.NewReader(text))
		if _, err := scanner.Next(); err != nil {
			t.Fatal(err)
		}
		f := scanner.Format()
		for _, plain := range []bool{false, true} {
			own := *f
			own.checksums = own.checksums && !plain
			for about, made := range map[string][]byte{"opening": own.Opening(), "closing": own.Closing()} {
				scanner := NewScanner(bytes.NewReader(made))
				var told, closed bool
				part, err := scanner.Next()
				scanner.reader.format = &own
				for ; err == nil; part, err = scanner.Next() {
					told, closed = told || part.State != nil, closed || part.Closed
				}
				if !errors.Is(err, io.EOF) || told != f.MySQL() || closed != (about == "closing") {
					t.Errorf("%s of %s: %t, %t, %v", about, name, told, closed, err)
				}
			}
		}
	}
}
