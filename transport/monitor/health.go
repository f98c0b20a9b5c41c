package monitor

import (
	"context"
	"net/http"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
)

// answerHealth answers 200 if nothing is wrong, else 503; what it is, is in the
// answer either way.
func (m *Monitor) answerHealth(w http.ResponseWriter, r *http.Request) {
	found := m.health(r.Context())
	text, err := wire.Encode(found)
	if err != nil {
		http.Error(w, wire.InternalMessage, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if found.Status != api.HealthOK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// A client that is gone needs no answer.
	_, _ = w.Write(append(text, '\n'))
}

// health looks at the daemon's health, at most once in a while however many
// ask.
func (m *Monitor) health(ctx context.Context) api.Health {
	m.looking.Lock()
	defer m.looking.Unlock()
	if m.lookedAt.IsZero() || time.Since(m.lookedAt) > healthAge {
		// It is for all who ask, not only for the first of them.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTimeout)
		defer cancel()
		m.lastFound = m.watched.Health(ctx)
		m.lookedAt = time.Now()
	}
	return m.lastFound
}
