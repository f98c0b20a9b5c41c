package stream

import "math"

// How a block is sampled for its bytes' frequencies.
const (
	samples    = 8
	sampleSize = 4 << 10
	// evenSpread is the entropy, in bits a byte, from which on codes of
	// different lengths save less than a twentieth.
	evenSpread = 7.6
)

// evenlySpread reports whether the bytes of a block are so evenly spread that
// giving frequent ones shorter codes is not worth its time, as in pictures and
// in what is compressed or encrypted already. The most frequent byte does not
// count: it is that of the empty space in pages, which repeats itself.
func evenlySpread(block []byte) bool {
	var counts [256]int
	for i := range samples {
		at := len(block) / samples * i
		for _, b := range block[at:min(at+sampleSize, len(block))] {
			counts[b]++
		}
	}
	total, most := 0, 0
	for b, n := range counts {
		total += n
		if n > counts[most] {
			most = b
		}
	}
	total -= counts[most]
	counts[most] = 0
	entropy := 0.0
	for _, n := range counts {
		if n > 0 {
			share := float64(n) / float64(total)
			entropy -= share * math.Log2(share)
		}
	}
	return entropy >= evenSpread
}
