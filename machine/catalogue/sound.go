package catalogue

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"
)

// soundAge is for how long the answer about a chain is used again: finding it
// reads all the chain's files, and figures are asked for every few seconds.
const soundAge = 5 * time.Minute

// soundness remembers which chains were found whole.
type soundness struct {
	sync.Mutex
	chains map[string]soundChain
}

// soundChain is what was found of a chain, and when.
type soundChain struct {
	whole bool
	at    time.Time
}

// whole reports whether a chain, its full backup first, has all its files and its
// links join, as it was not long ago.
func (cat *Catalogue) whole(ctx context.Context, ids []string) bool {
	key := strings.Join(ids, "/")
	cat.sound.Lock()
	defer cat.sound.Unlock()
	maps.DeleteFunc(cat.sound.chains, func(_ string, c soundChain) bool { return time.Since(c.at) > soundAge })
	found, known := cat.sound.chains[key]
	if !known {
		found = soundChain{whole: cat.host.Store.CheckChain(ctx, ids) == nil, at: time.Now()}
		if ctx.Err() != nil {
			return false
		}
		if cat.sound.chains == nil {
			cat.sound.chains = map[string]soundChain{}
		}
		cat.sound.chains[key] = found
	}
	return found.whole
}
