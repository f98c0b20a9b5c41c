package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

const megabyte = 1 << 20

func TestStreamGoesOut(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"", "gzip", "zstd"} {
		for _, command := range []string{"", "forward"} {
			t.Run(compression+" "+command, func(t *testing.T) {
				t.Parallel()
				b := newStreamBench(t, 3*megabyte, `cat "$TOOL"; echo "completed OK!" >&2`,
					Stream{Direction: StreamOut, Command: command, Compression: compression}, `cat >"$STORED"; echo sent >&2; echo "$DBCALM_COMMAND"`)
				r := b.done()
				if r.Fault != "" || r.ExitCode != 0 || r.Stream == nil || r.Tail != "completed OK!\n" {
					t.Fatalf("got %+v", r)
				}
				if command != "" && r.ShellTail != "sent\n\n" {
					t.Errorf("the command printed %q", r.ShellTail)
				}
				hash, err := disk.HashFile(t.Context(), filepath.Dir(b.stored), filepath.Base(b.stored))
				info, statErr := os.Stat(b.stored)
				if err != nil || statErr != nil || hash != r.Stream.SHA256 || info.Size() != r.Stream.StoredSize {
					t.Errorf("stored are %v with hash %s, %v, said to be %+v", info.Size(), hash, err, r.Stream)
				}
				if plain, err := os.Stat(b.tool); err != nil || plain.Size() != r.Stream.PlainSize {
					t.Errorf("the tool gave %v, %v, said to be %+v", plain.Size(), err, r.Stream)
				}
				var contents stream.Contents
				if err := disk.ReadJSON(filepath.Join(b.files, "contents.json"), 16<<20, &contents); err != nil || len(contents.Files) != 4 {
					t.Errorf("contents are %+v, %v", contents, err)
				}
				b.nothingRuns()
			})
		}
	}
}

// What breaks on the way out names who broke it, and a command that takes the
// stream never sees the regular end of a broken one.
func TestStreamBreaksOnTheWayOut(t *testing.T) {
	t.Parallel()
	const gives, takes = `cat "$TOOL"`, `cat >"$STORED" && touch "$DIR/finished"`
	for name, test := range map[string]struct {
		size         int
		tool, taker  string
		fault        string
		code         int
		signal       string
		whole, stall bool
	}{
		"the tool fails":            {size: megabyte, tool: `head -c 500000 "$TOOL"; exit 3`, taker: takes, code: 3},
		"the tool is killed":        {size: megabyte, tool: `head -c 500000 "$TOOL"; kill -9 $$`, taker: takes, code: -1, signal: "SIGKILL"},
		"the tool fails at the end": {size: megabyte, tool: gives + "; exit 1", taker: takes, code: 1},
		"the tool gives half": {size: megabyte, tool: `head -c 500000 "$TOOL"`, taker: takes,
			fault: "sh gave a stream that is not whole"},
		"the tool closes and hangs": {size: megabyte, tool: `head -c 500000 "$TOOL"; exec >&-; exec sleep 1000`, taker: takes,
			fault: "sh gave a stream that is not whole", code: -1, signal: "SIGKILL"},
		"the tool gives nothing":   {size: megabyte, tool: "true", taker: takes, fault: "sh gave a stream that is not whole"},
		"the tool gives something": {size: megabyte, tool: "echo hello", taker: takes, fault: "sh gave a stream that is not whole"},
		"the command fails at once": {size: 8 * megabyte, tool: gives, taker: "echo no route >&2; exit 1",
			fault: "forward failed with exit code 1"},
		"the command fails at the end": {size: megabyte, tool: gives, taker: "cat >/dev/null; exit 7",
			fault: "forward failed with exit code 7", whole: true},
		"the command is killed": {size: 8 * megabyte, tool: gives, taker: "head -c 100 >/dev/null; kill -9 $$",
			fault: "forward was killed by SIGKILL"},
		"the command reads nothing": {size: 0, tool: gives, taker: "exit 0", fault: "forward ended before it had read the whole stream"},
		"the command reads a part": {size: 8 * megabyte, tool: gives, taker: "head -c 1000000 >/dev/null; exit 0",
			fault: "forward ended before it had read the whole stream"},
		"the command hangs": {size: 8 * megabyte, tool: gives, taker: "exec sleep 1000",
			fault: "forward has taken nothing for 1s (stall_timeout)", stall: true},
		"the command hangs at the end": {size: megabyte, tool: gives, taker: "cat >/dev/null; exec sleep 1000",
			fault: "forward has not ended within 1s of the end of the stream (stall_timeout)", stall: true, whole: true},
		"there is no such command": {size: 8 * megabyte, tool: gives, taker: "nowhere-to-be-found",
			fault: "forward failed with exit code 127"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Stream{Direction: StreamOut, Command: "forward"}
			if test.stall {
				s.StallTimeout = blocked
			}
			b := newStreamBench(t, test.size, test.tool, s, test.taker)
			r := b.done()
			if !strings.HasPrefix(r.Fault, test.fault) || test.fault == "" && r.Fault != "" || r.Stream != nil || r.Stopped {
				t.Errorf("got %+v", r)
			}
			if test.fault == "" && (r.ExitCode != test.code || r.Signal != test.signal) {
				t.Errorf("the tool ended with %d, %q", r.ExitCode, r.Signal)
			}
			if b.exists("finished") {
				t.Error("the command saw the end of a stream that had none")
			}
			b.nothingRuns()
		})
	}
}

func TestStreamHasNoFileToGoTo(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	b := newStreamBench(t, megabyte, `cat "$TOOL"; touch started`, Stream{Direction: StreamOut}, "")
	testkit.Write(t, b.Dir, map[string]string{"files/b.xbstream.zst": "another's"})
	if r := b.done(); !strings.Contains(r.StartError, "file exists") || b.exists("started") {
		t.Errorf("got %+v", r)
	}
	if text, err := os.ReadFile(b.stored); err != nil || string(text) != "another's" {
		t.Errorf("the file is now %.20q, %v", text, err)
	}
}

func TestStreamComesIn(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"", "gzip", "zstd"} {
		for _, command := range []string{"", "retrieve"} {
			for _, script := range []string{`cat >got`, ""} {
				t.Run(compression+" "+command+" "+script, func(t *testing.T) {
					t.Parallel()
					b := newStreamBench(t, 3*megabyte, script, Stream{Direction: StreamIn, Command: command, Compression: compression}, `cat "$STORED"`)
					if r := b.done(); r.Fault != "" || r.ExitCode != 0 || r.Stream == nil {
						t.Fatalf("got %+v", r)
					}
					if script != "" {
						got, _ := disk.HashFile(t.Context(), b.Dir, "got")
						if want, err := disk.HashFile(t.Context(), filepath.Dir(b.tool), filepath.Base(b.tool)); err != nil || got != want {
							t.Errorf("what came is not what was stored: %v", err)
						}
					}
					b.nothingRuns()
				})
			}
		}
	}
}

func TestStreamBreaksOnTheWayIn(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	const takes, gives = "cat >got", `cat "$STORED"`
	for name, test := range map[string]struct {
		tool, giver string
		spoil       func(*streamBench)
		fault       string
		code        int
		stall       bool
	}{
		"the tool fails":        {tool: "head -c 100000 >/dev/null; exit 3", giver: gives, code: 3},
		"the tool takes a part": {tool: "head -c 100000 >/dev/null", giver: gives, fault: "sh ended before it had taken the whole stream"},
		"the tool hangs": {tool: "exec sleep 1000", giver: gives,
			fault: "sh has taken nothing for 1s (stall_timeout)", stall: true},
		"the command fails at once":    {tool: takes, giver: "exit 1", fault: "retrieve failed with exit code 1"},
		"the command fails at the end": {tool: takes, giver: gives + "; exit 2", fault: "retrieve failed with exit code 2"},
		"the command gives a part": {tool: takes, giver: `head -c 1000000 "$STORED"`,
			fault: "retrieve ended well, but what it gave is not the stream that was forwarded: "},
		"the command gives nothing": {tool: takes, giver: "true",
			fault: "retrieve ended well, but what it gave is not the stream that was forwarded: "},
		"the command gives too much": {tool: takes, giver: gives + "; echo more",
			fault: "retrieve ended well, but what it gave is not the stream that was forwarded: "},
		"the command gives another": {tool: takes, giver: `cat "$DIR/other"`,
			fault: "retrieve ended well, but what it gave is not the stream that was forwarded: is not what was stored"},
		"the command hangs": {tool: takes, giver: "exec sleep 1000",
			fault: "retrieve has given nothing for 1s (stall_timeout)", stall: true},
		"the command hangs at the end": {tool: takes, giver: gives + "; exec >&-; exec sleep 1000",
			fault: "retrieve has not ended within 1s of the end of the stream (stall_timeout)", stall: true},
		"the file is cut": {tool: takes, spoil: func(b *streamBench) { b.alter(func(s []byte) []byte { return s[:len(s)-1] }) },
			fault: "b.xbstream.zst is damaged: "},
		"a byte is another": {tool: takes, spoil: func(b *streamBench) { b.alter(func(s []byte) []byte { s[len(s)/2] ^= 1; return s }) },
			fault: "b.xbstream.zst is damaged: "},
		"the file is another's": {tool: takes, spoil: func(b *streamBench) {
			b.alter(func([]byte) []byte { text, _ := os.ReadFile(filepath.Join(b.Dir, "other")); return text })
		}, fault: "b.xbstream.zst is damaged: is not what was stored: it has "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Stream{Direction: StreamIn}
			if test.giver != "" {
				s.Command = "retrieve"
			}
			if test.stall {
				s.StallTimeout = blocked
			}
			b := newStreamBench(t, 8*megabyte, test.tool, s, test.giver)
			testkit.Write(t, b.Dir, map[string]string{"other": string(toolStream(100))})
			if test.spoil != nil {
				test.spoil(b)
			}
			r := b.done()
			if !strings.HasPrefix(r.Fault, test.fault) || test.fault == "" && (r.Fault != "" || r.ExitCode != test.code) || r.Stream != nil {
				t.Errorf("got %+v", r)
			}
			if damaged := strings.Contains(test.fault, "damaged") || strings.Contains(test.fault, "not the stream"); r.Damaged != damaged {
				t.Errorf("held against the stored stream: %t", r.Damaged)
			}
			b.nothingRuns()
		})
	}
	b := newStreamBench(t, 0, takes, Stream{Direction: StreamIn}, "")
	if err := os.Remove(b.stored); err != nil {
		t.Fatal(err)
	}
	if r := b.done(); !strings.Contains(r.StartError, "no such file") {
		t.Errorf("a missing file: %+v", r)
	}
}

func (b *streamBench) alter(change func([]byte) []byte) {
	b.T.Helper()
	text, err := os.ReadFile(b.stored)
	if err != nil {
		b.T.Fatal(err)
	}
	if err := os.WriteFile(b.stored, change(text), 0o640); err != nil {
		b.T.Fatal(err)
	}
}
