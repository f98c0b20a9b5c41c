package job

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

// toolStream returns a whole stream as the tools give it, of about this size in
// bytes, which does not compress.
func toolStream(size int) []byte {
	random := rand.New(rand.NewChaCha8([32]byte{}))
	payload := make([]byte, 64<<10)
	for i := range payload {
		payload[i] = byte(random.Uint32())
	}
	var s []byte
	for offset := 0; len(s) < size; offset += len(payload) {
		s = append(s, testkit.Chunk('P', "./a/t.ibd", offset, payload)...)
	}
	if size > 0 {
		s = append(s, testkit.Chunk('E', "./a/t.ibd", 0, nil)...)
	}
	for _, f := range [][2]string{{"backup-my.cnf", "[mysqld]\n"}, {"xtrabackup_checkpoints", "backup_type = full-backuped\n"},
		{"xtrabackup_info", "tool_version = 1\n"}} {
		s = append(s, testkit.Chunk('P', f[0], 0, []byte(f[1]))...)
		s = append(s, testkit.Chunk('E', f[0], 0, nil)...)
	}
	return s
}

// streamBench is a bench whose program's stream is carried.
type streamBench struct {
	*bench
	// tool is the file that holds what the tool gives.
	tool string
	// stored is the file that holds what is stored.
	stored string
}

// newStreamBench makes a job with a stream. The script finds the tool's stream
// in $TOOL; a shell command also finds the stored one in $STORED.
func newStreamBench(t *testing.T, size int, script string, s Stream, shell string) *streamBench {
	t.Helper()
	b := &streamBench{}
	b.bench = newBench(t, "", func(spec *Spec) {
		b.tool = filepath.Join(filepath.Dir(filepath.Dir(spec.Output)), "tool")
		s := s
		spec.Stream, spec.Shell = &s, shell
	})
	b.tool, b.stored = filepath.Join(b.Dir, "tool"), filepath.Join(b.files, "b.xbstream.zst")
	plain := toolStream(size)
	var packed bytes.Buffer
	r, err := stream.Pack(&packed, bytes.NewReader(plain), stream.Compression(s.Compression), 0, &stream.Counters{})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, b.Dir, map[string]string{"tool": string(plain)})
	if s.Direction == StreamIn {
		testkit.Write(t, b.Dir, map[string]string{"files/b.xbstream.zst": packed.String()})
	}
	var spec Spec
	if err := disk.ReadJSON(filepath.Join(b.folder, SpecFile), 16<<20, &spec); err != nil {
		t.Fatal(err)
	}
	spec.Args[1] = "TOOL='" + b.tool + "'\ncd '" + b.Dir + "'\n" + script
	if script == "" {
		spec.Path = ""
	}
	if s.Command == "" {
		spec.Stream.File = b.stored
	}
	if s.Direction == StreamIn {
		spec.Stream.Size, spec.Stream.SHA256 = r.StoredSize, r.SHA256
	} else {
		spec.Stream.Contents = filepath.Join(b.files, "contents.json")
	}
	spec.Stream.Env = []string{"STORED=" + b.stored, "DIR=" + b.Dir}
	if spec.Stream.StallTimeout == 0 {
		spec.Stream.StallTimeout = testkit.Patience
	}
	if err := b.Create(b.folder, spec); err != nil {
		t.Fatal(err)
	}
	return b
}

// done runs the job and returns its result.
func (b *streamBench) done() Result {
	b.T.Helper()
	b.start()
	return b.wait()
}

// nothingRuns demands that nothing the job has started is left.
func (b *streamBench) nothingRuns() {
	b.T.Helper()
	if left := strays(b.folder); len(left) > 0 {
		b.T.Errorf("left behind: %+v", left)
	}
}

// blocked is short enough for a test to wait for a stall.
const blocked = time.Second

func (b *streamBench) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(b.Dir, name))
	return err == nil
}
