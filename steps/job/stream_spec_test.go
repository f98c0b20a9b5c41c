package job

import (
	"testing"
)

// People see the whole pipeline, and nothing of a shell command but its name.
func TestPipelineAsAPersonWouldTypeIt(t *testing.T) {
	t.Parallel()
	tool := Spec{Path: "/usr/bin/tool", Args: []string{"--backup", "a b"}}
	check := Spec{}
	for _, test := range []struct {
		spec   Spec
		stream Stream
		want   string
	}{
		{tool, Stream{Direction: StreamOut, File: "/b/x.xbstream"}, "/usr/bin/tool --backup 'a b' > /b/x.xbstream"},
		{tool, Stream{Direction: StreamOut, File: "/b/x y.gz", Compression: "gzip"}, "/usr/bin/tool --backup 'a b' | gzip > '/b/x y.gz'"},
		{tool, Stream{Direction: StreamOut, File: "/b/x.zst", Compression: "zstd", Level: 7},
			"/usr/bin/tool --backup 'a b' | zstd -7 > /b/x.zst"},
		{tool, Stream{Direction: StreamOut, Command: "forward", Compression: "zstd"}, "/usr/bin/tool --backup 'a b' | zstd | forward"},
		{tool, Stream{Direction: StreamOut, Command: "forward"}, "/usr/bin/tool --backup 'a b' | forward"},
		{tool, Stream{Direction: StreamIn, File: "/b/x.xbstream"}, "/usr/bin/tool --backup 'a b' < /b/x.xbstream"},
		{tool, Stream{Direction: StreamIn, File: "/b/x.zst", Compression: "zstd"}, "zstd -d < /b/x.zst | /usr/bin/tool --backup 'a b'"},
		{tool, Stream{Direction: StreamIn, Command: "retrieve", Compression: "gzip"}, "retrieve | gzip -d | /usr/bin/tool --backup 'a b'"},
		{check, Stream{Direction: StreamIn, Command: "retrieve", Compression: "gzip"}, "retrieve | sha256sum"},
		{check, Stream{Direction: StreamIn, File: "/b/x.zst", Compression: "zstd"}, "sha256sum < /b/x.zst"},
	} {
		test.spec.Stream, test.spec.Shell = &test.stream, "ssh hunter2@elsewhere"
		if got := test.spec.Line(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
