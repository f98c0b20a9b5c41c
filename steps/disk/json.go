package disk

import (
	"encoding/json"
	"fmt"
)

// WriteJSON puts value into path so that a crash leaves either nothing or the
// whole of it.
func WriteJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return WriteDurably(path, append(text, '\n'), 0o600)
}
