package stream

// StreamResult is what a supervisor has seen of a stream that has come whole.
type Stored struct {
	// PlainSize and StoredSize are in bytes, before and after compression.
	PlainSize  int64 `json:"plain_size"`
	StoredSize int64 `json:"stored_size"`
	// SHA256 is that of the stored bytes.
	SHA256 string `json:"sha256"`
}
