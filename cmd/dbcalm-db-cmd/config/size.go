package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. It is written the way the configuration file
// takes it: 512M, 2G, or plain bytes.
type Size int64

// The binary units.
const (
	kibibyte Size = 1 << (10 * (iota + 1))
	mebibyte
	gibibyte
	tebibyte
)

var sizeUnits = []struct {
	letter string
	bytes  Size
}{{"T", tebibyte}, {"G", gibibyte}, {"M", mebibyte}, {"K", kibibyte}}

func (s Size) String() string {
	for _, unit := range sizeUnits {
		if s >= unit.bytes && s%unit.bytes == 0 {
			return strconv.FormatInt(int64(s/unit.bytes), 10) + unit.letter
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// parseSize reads what String writes; MB, MiB and lower case do as well, and
// all mean powers of 1024, as they do to the backup tools.
func parseSize(text string) (Size, error) {
	number := strings.ToUpper(strings.TrimSpace(text))
	factor := Size(1)
	for _, unit := range sizeUnits {
		for _, suffix := range []string{unit.letter + "IB", unit.letter + "B", unit.letter} {
			if rest, found := strings.CutSuffix(number, suffix); found && factor == 1 {
				number, factor = strings.TrimSpace(rest), unit.bytes
			}
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("read size %q: not a number of bytes", text)
	}
	if n > math.MaxInt64/int64(factor) {
		return 0, errors.New("read size: too large")
	}
	return Size(n) * factor, nil
}
