package persistence

import (
	"cmp"
	"slices"
	"time"
)

// Made is what tells when a backup was made. A clock may be wrong, and be put
// right later; what the ledger counts is not.
type Made struct {
	// Number is that of the operation that made it, 0 where the ledger does not
	// know it.
	Number int64
	At     time.Time
	ID     string
}

// SortMade sorts backups by when they were made, the oldest first: by the numbers
// of their operations. One without a number, such as one whose record was
// rebuilt after the loss of the ledger, has its time only: it comes after the last
// of the others that began no later than it.
func SortMade[T any](list []T, made func(T) Made) {
	numbered := slices.DeleteFunc(slices.Clone(list), func(b T) bool { return made(b).Number == 0 })
	slices.SortStableFunc(numbered, func(a, b T) int { return cmp.Compare(made(a).Number, made(b).Number) })
	// follows counts those numbered before one without a number.
	follows := func(b T) int {
		for i, other := range slices.Backward(numbered) {
			if !made(other).At.After(made(b).At) {
				return i + 1
			}
		}
		return 0
	}
	places := map[string]int{}
	for i, b := range numbered {
		places[made(b).ID] = i + 1
	}
	for _, b := range list {
		if made(b).Number == 0 {
			places[made(b).ID] = follows(b)
		}
	}
	slices.SortStableFunc(list, func(a, b T) int {
		x, y := made(a), made(b)
		// At one place there is one with a number, and those that follow it.
		return cmp.Or(cmp.Compare(places[x.ID], places[y.ID]), cmp.Compare(y.Number, x.Number), x.At.Compare(y.At), cmp.Compare(x.ID, y.ID))
	})
}
