package binlog

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

const (
	uuidA = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	uuidB = "4350f323-7565-4e59-8763-4b1b83a0ce0e"
)

func parsed(t *testing.T, text string) State {
	t.Helper()
	s, err := ParseState(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A set is read as every server writes it, and written as MySQL does.
func TestSetsOfMySQL(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                             "",
		uuidA + ":1":                   uuidA + ":1",
		uuidA + ":1-5:7":               uuidA + ":1-5:7",
		uuidA + ":7:1-3:4:5":           uuidA + ":1-5:7",
		uuidA + ":1-3:2-9:9:10-12":     uuidA + ":1-12",
		strings.ToUpper(uuidA) + ":1 ": uuidA + ":1",
		uuidB + ":4,\n" + uuidA + ":1-9223372036854775806":            uuidA + ":1-9223372036854775806," + uuidB + ":4",
		uuidA + ":1-3:nightly:1:3-4:_b:2":                             uuidA + ":1-3:_b:2:nightly:1:3-4",
		uuidA + ":nightly:1, " + uuidA + ":Nightly:2," + uuidA + ":1": uuidA + ":1:nightly:1-2",
		uuidA:                          "error",
		uuidA + ":":                    "error",
		uuidA + ":0":                   "error",
		uuidA + ":3-1":                 "error",
		uuidA + ":nightly":             "error",
		uuidA + ":1-2-3":               "error",
		uuidA + ":9tag:1":              "error",
		uuidA + ":9223372036854775808": "error",
		"3e11fa47-71ca-11e1-9e33:1":    "error",
		uuidA + ":1,0-1-x":             "error",
		uuidA + ":" + strings.Repeat("t", 33) + ":1": "error",
	} {
		s, err := ParseState(given)
		got := s.String()
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s (%v)", given, got, want, err)
		}
		if again, err := ParseState(got); got != "error" && (err != nil || !again.Equal(s) || again.PositionText() != got) {
			t.Errorf("%q is read as %s, %v", got, again, err)
		}
	}
}

// What was seen is told of each transaction, and of all that another has seen.
func TestSetsAreCompared(t *testing.T) {
	t.Parallel()
	s := parsed(t, uuidA+":1-5:7:nightly:1,"+uuidB+":3")
	for text, want := range map[string]bool{
		"": true, uuidA + ":2-4": true, uuidA + ":1-5:7": true, uuidA + ":nightly:1," + uuidB + ":3": true,
		uuidA + ":5-7": false, uuidA + ":6": false, uuidA + ":other:1": false, uuidB + ":2-3": false, "0-1-1": false,
	} {
		if got := s.Contains(parsed(t, text)); got != want {
			t.Errorf("it contains %q: %t", text, got)
		}
	}
	if s.Equal(parsed(t, uuidA+":1-5:7:nightly:1")) || !s.Equal(parsed(t, s.String())) {
		t.Error("sets are not compared")
	}
	// A copy stays as it is.
	before := s
	for _, text := range []string{uuidA + ":6", uuidA + ":nightly:3", uuidB + ":1"} {
		g, err := ParseGTID(text)
		if err != nil || s.Has(g) {
			t.Fatalf("%s: %v", text, err)
		}
		if s.Add(g); !s.Has(g) || before.Has(g) {
			t.Errorf("%s was added to %s, and the copy is %s", g, s, before)
		}
	}
	if want := uuidA + ":1-7:nightly:1:3," + uuidB + ":1:3"; s.String() != want || !s.IsSet() || (State{}).IsSet() {
		t.Errorf("got %s, want %s", s, want)
	}
}

// The list at a file's start is read with tags and without; one that is cut
// anywhere, or that makes no sense, is none.
func TestListsOfMySQL(t *testing.T) {
	t.Parallel()
	raw, err := hex.DecodeString(strings.ReplaceAll(uuidA, "-", ""))
	if err != nil {
		t.Fatal(err)
	}
	number := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	plain := join(number(1), raw, number(2), number(1), number(6), number(7), number(8))
	tagged := join(number(1<<56|2<<8|1), raw, []byte{0}, number(1), number(1), number(4),
		raw, []byte("\x0enightly"), number(1), number(2), number(3))
	for want, body := range map[string][]byte{
		uuidA + ":1-5:7":           plain,
		uuidA + ":1-3:nightly:2":   tagged,
		"":                         number(0),
		"a list with the GTIDs":    join(number(1), raw, number(1), number(3), number(3)),
		"a list of GTIDs of 32":    join(number(1), raw, number(1<<60)),
		"a list of GTIDs of 8":     number(1 << 62),
		"GTIDs from 0 to before 2": join(number(1), raw, number(1), number(0), number(2)),
	} {
		s, err := parsePrevious(&event{body: body})
		if got := s.String(); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) || err != nil && want == "" {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	for _, whole := range [][]byte{plain, tagged} {
		for cut := range whole {
			if s, err := parsePrevious(&event{body: whole[:cut]}); err == nil {
				t.Errorf("cut at %d: %s", cut, s)
			}
		}
	}
}

// Numbers are as MySQL's description of the format has them.
func TestSerializedNumbers(t *testing.T) {
	t.Parallel()
	bytes := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for text, want := range map[string]uint64{"00": 0, "02": 1, "fe": 127, "0102": 128, "fbff07": 65535, "ffffffffffffffffff": 1<<64 - 1} {
		if d := (decoder{rest: bytes(text)}); d.unsigned() != want || d.short || len(d.rest) > 0 {
			t.Errorf("%s: want %d", text, want)
		}
	}
	for text, want := range map[string]int64{"f3ff0f": 65535, "ebff0f": -65535, "fbff0f": -65536, "04": 1, "02": -1} {
		if d := (decoder{rest: bytes(text)}); d.signed() != want || d.short {
			t.Errorf("%s: want %d", text, want)
		}
	}
	for _, text := range []string{"", "01", "ff00", "7fffffffffffff"} {
		if d := (decoder{rest: bytes(text)}); d.unsigned() != 0 || !d.short {
			t.Errorf("%q is not short", text)
		}
	}
}

// Transactions without a GTID are refused in words, wherever they come.
func TestTransactionsWithoutGTIDs(t *testing.T) {
	t.Parallel()
	text := recorded(t)["mysql-5.6.binlog"]
	scanner := NewScanner(bytes.NewReader(text))
	if _, err := scanner.Next(); err != nil {
		t.Fatal(err)
	}
	f := scanner.Format()
	// A server whose gtid_mode is OFF leaves the list and the GTIDs out.
	plain := append([]byte(Magic), text[len(Magic):len(Magic)+len(f.Raw)]...)
	for r := (reader{file: bytes.NewReader(text)}); ; {
		e, err := r.event()
		if err != nil {
			break
		}
		if e.kind != typeFormat && e.kind != typeMySQLPrevious && e.kind != typeMySQLGTID {
			plain = append(plain, e.raw...)
		}
	}
	later := f.append(f.Opening(), typeMySQLAnonymous, make([]byte, mysqlGTIDBody))
	for name, log := range map[string][]byte{"before 5.7": plain, "later": later} {
		scanner := NewScanner(bytes.NewReader(log))
		for {
			counts := scanner.Counts()
			if _, err := scanner.Next(); err != nil {
				if !errors.Is(err, ErrNoGTID) || counts {
					t.Errorf("%s: %v", name, err)
				}
				break
			}
			if !counts {
				t.Errorf("%s: what comes next is believed to have none", name)
			}
		}
	}
}

// A log that a MySQL encrypts is told from one that is damaged.
func TestEncryptedLogOfMySQL(t *testing.T) {
	t.Parallel()
	if _, err := NewScanner(strings.NewReader("\xfdbin and a header")).Next(); !errors.Is(err, ErrEncrypted) {
		t.Error(err)
	}
}
