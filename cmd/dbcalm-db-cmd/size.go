package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a number of bytes. It is written the way the configuration file
// takes it: 512M, 2G, or plain bytes.
type byteSize int64

// The binary units.
const (
	kibibyte byteSize = 1 << (10 * (iota + 1))
	mebibyte
	gibibyte
	tebibyte
)

var sizeUnits = []struct {
	letter string
	bytes  byteSize
}{{"T", tebibyte}, {"G", gibibyte}, {"M", mebibyte}, {"K", kibibyte}}

func (s byteSize) String() string {
	for _, unit := range sizeUnits {
		if s >= unit.bytes && s%unit.bytes == 0 {
			return strconv.FormatInt(int64(s/unit.bytes), 10) + unit.letter
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// parseSize reads what String writes; MB, MiB and lower case do as well, and
// all mean powers of 1024, as they do to the backup tools.
func parseSize(text string) (byteSize, error) {
	number := strings.ToUpper(strings.TrimSpace(text))
	factor := byteSize(1)
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
	return byteSize(n) * factor, nil
}

// readable is the size as a person reads it: 1.1 GiB.
func (s byteSize) readable() string {
	for _, unit := range sizeUnits {
		// From 1023.95 of the smaller unit on, one decimal would show 1024.0.
		if float64(s) >= float64(unit.bytes)*0.99995 {
			return fmt.Sprintf("%.1f %siB", float64(s)/float64(unit.bytes), unit.letter)
		}
	}
	return strconv.FormatInt(int64(s), 10) + " B"
}
