package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// segmentFormat is the version of the manifest's format.
const segmentFormat = 1

// Segment is the manifest of one segment: the bytes From to To of one file of a
// server's binary log, which are whole transactions.
type Segment struct {
	Format int `json:"format"`
	// Number orders the segments of an archive; the first has 1.
	Number uint64 `json:"number"`
	// Epoch counts the histories that the server has had.
	Epoch int `json:"epoch"`
	// Break says why the segment does not go on where the one before ended; empty
	// if it does.
	Break string `json:"break,omitempty"`
	// Server and Version are the server's: what tells it from others, and its
	// program's.
	Server  string `json:"server,omitempty"`
	Version string `json:"version"`
	File    string `json:"file"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	// Closed: the server has written no more into the file.
	Closed bool `json:"closed,omitempty"`
	// Header is the file's format description.
	Header []byte `json:"header"`
	// Before and After are what the log has seen when the segment begins and ends.
	Before string `json:"gtid_before,omitempty"`
	After  string `json:"gtid_after,omitempty"`
	// Transactions are counted; First and Last are the first one and the last.
	Transactions int    `json:"transactions"`
	First        string `json:"first,omitempty"`
	Last         string `json:"last,omitempty"`
	// FirstTime, LastTime and LargestTime are when, by their own word, these and the
	// latest were committed.
	FirstTime   time.Time `json:"first_time,omitzero"`
	LastTime    time.Time `json:"last_time,omitzero"`
	LargestTime time.Time `json:"largest_time,omitzero"`
	// ReadAt is when the last of it was read, by this host's clock: what says that
	// it was committed later is dated in the future.
	ReadAt time.Time `json:"read_at"`
	// The sizes and sums of the bytes, and of what is stored of them.
	Size         int64  `json:"size"`
	SHA256       string `json:"sha256"`
	StoredSize   int64  `json:"stored_size"`
	StoredSHA256 string `json:"stored_sha256"`
	// Previous is the SHA-256 of the manifest before it.
	Previous string `json:"previous,omitempty"`

	// sum is that of this manifest, before and after the parsed states.
	sum           string
	before, after binlog.State
}

const (
	manifestSuffix = ".json"
	contentSuffix  = ".binlog"
	compression    = stream.Zstd
	// maxManifest bounds a manifest: the longest part is a GTID state of many
	// servers.
	maxManifest = 4 << 20
)

func manifestName(number uint64) string { return fmt.Sprintf("%010d%s", number, manifestSuffix) }

func contentName(number uint64) string {
	return fmt.Sprintf("%010d%s%s", number, contentSuffix, compression.Suffix())
}

// text is the manifest as it is stored.
func (s *Segment) text() ([]byte, error) {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write manifest of segment %d: %w", s.Number, err)
	}
	return append(text, '\n'), nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// readSegment reads a manifest and checks that it can be one.
func readSegment(folder string, number uint64) (*Segment, error) {
	text, err := disk.ReadSmall(folder, manifestName(number), maxManifest)
	if err != nil {
		return nil, fmt.Errorf("read manifest of segment %d: %w", number, err)
	}
	var s Segment
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read manifest of segment %d: %w", number, err)
	}
	if err := s.check(number); err != nil {
		return nil, fmt.Errorf("read manifest of segment %d: %w", number, err)
	}
	s.sum = sumOf(text)
	return &s, nil
}

func (s *Segment) check(number uint64) (err error) {
	switch {
	case s.Format > segmentFormat:
		return fmt.Errorf("its format %d is newer than this program's %d", s.Format, segmentFormat)
	case s.Number != number:
		return fmt.Errorf("it says that it is number %d", s.Number)
	case s.From < 0 || s.To <= s.From || s.Size != s.To-s.From || s.File == "" || s.File != filepath.Base(s.File) ||
		strings.HasPrefix(s.File, "."):
		return fmt.Errorf("it is of the bytes %d to %d of %.80q", s.From, s.To, s.File)
	}
	if s.before, err = binlog.ParseState(s.Before); err != nil {
		return err
	}
	s.after, err = binlog.ParseState(s.After)
	return err
}

// note counts a transaction in.
func (s *Segment) note(g *binlog.Group) {
	if s.Transactions == 0 {
		s.First, s.FirstTime = g.GTID.String(), g.Time
	}
	s.Transactions++
	s.Last, s.LastTime = g.GTID.String(), g.Time
	if g.Time.After(s.LargestTime) {
		s.LargestTime = g.Time
	}
	s.after.Add(g.GTID)
}
