package human

import (
	"fmt"
	"strconv"
)

// The units of a size, the largest first.
var byteUnits = []struct {
	name  string
	bytes float64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// Bytes is a number of bytes as a person reads it: 1.1 GiB.
func Bytes[N ~int64 | ~uint64 | ~float64](n N) string {
	for _, unit := range byteUnits {
		// From 1023.95 of the smaller unit on, one decimal would show 1024.0.
		if float64(n) >= unit.bytes*0.99995 {
			return fmt.Sprintf("%.1f %s", float64(n)/unit.bytes, unit.name)
		}
	}
	return strconv.FormatInt(int64(n), 10) + " B"
}
