package stream

import "fmt"

// FramingError is a stream that is no whole xbstream: the tool ended early, or
// the stored stream was cut or altered. What it holds is no backup.
type FramingError struct {
	// Offset is where in the plain stream the chunk begins, in bytes.
	Offset int64
	// Path is the chunk's file, "" where it is not known.
	Path string
	// Problem says what is wrong.
	Problem string
}

func (e *FramingError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("the stream is no whole xbstream: at byte %d: %s", e.Offset, e.Problem)
	}
	return fmt.Sprintf("the stream is no whole xbstream: at byte %d, file %s: %s", e.Offset, e.Path, e.Problem)
}

// SourceError is a source that could not be read to its end.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "read stream: " + e.Err.Error() }

// Unwrap returns the source's own error.
func (e *SourceError) Unwrap() error { return e.Err }

// SinkError is a destination that did not take everything.
type SinkError struct{ Err error }

func (e *SinkError) Error() string { return "write stream: " + e.Err.Error() }

// Unwrap returns the destination's own error.
func (e *SinkError) Unwrap() error { return e.Err }

// CompressionError is stored data that cannot be uncompressed: it was cut or
// altered, or is followed by something else.
type CompressionError struct {
	Compression Compression
	Err         error
}

func (e *CompressionError) Error() string {
	return fmt.Sprintf("uncompress: the %s data is damaged: %v", e.Compression, e.Err)
}

// Unwrap returns the decompressor's own error.
func (e *CompressionError) Unwrap() error { return e.Err }
