package transporttest

import "encoding/json"

// LineWriter hands log lines to whoever reads the channel.
type LineWriter chan<- map[string]any

// Write takes one line.
func (w LineWriter) Write(text []byte) (int, error) {
	var line map[string]any
	if err := json.Unmarshal(text, &line); err != nil {
		return 0, err
	}
	w <- line
	return len(text), nil
}
