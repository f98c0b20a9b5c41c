package boot

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// status is what the server says of its replication, by the names of the columns.
func (a *applier) status(ctx context.Context) (map[string]string, error) {
	rows, err := a.server.db.QueryContext(ctx, a.shows)
	if err != nil {
		return nil, a.server.gone(ctx, fmt.Errorf("replay: ask for the replica's status: %w", err))
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("replay: ask for the replica's status: %w", err)
	}
	values := make([]sql.NullString, len(names))
	into := make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	if !rows.Next() {
		return nil, a.server.gone(ctx, fmt.Errorf("replay: the server knows of no replica: %w", rows.Err()))
	}
	if err := rows.Scan(into...); err != nil {
		return nil, a.server.gone(ctx, fmt.Errorf("replay: ask for the replica's status: %w", err))
	}
	status := map[string]string{}
	for i, name := range names {
		status[name] = values[i].String
	}
	return status, nil
}

// tell notes how far the replay is, for whoever watches. It goes on without.
func (a *applier) tell(status map[string]string) {
	done := a.before
	file := filepath.Base(status["Relay_Log_File"])
	at := slices.Index(a.laid.Files, file)
	if at < 0 {
		return
	}
	for _, name := range a.laid.Files[:at] {
		if info, err := os.Stat(filepath.Join(relayFolder, name)); err == nil {
			done += info.Size()
		}
	}
	if within, err := strconv.ParseInt(status["Relay_Log_Pos"], 10, 64); err == nil {
		done += within
	}
	done = min(done, a.plan.Size)
	text, err := json.Marshal(Applied{Done: done, Total: a.plan.Size, Run: done - a.before, Seconds: time.Since(a.began).Seconds()})
	if err != nil {
		return
	}
	temporary := filepath.Join(a.stage, ReplayProgress+".tmp")
	if os.WriteFile(temporary, text, 0o600) == nil {
		_ = os.Rename(temporary, filepath.Join(a.stage, ReplayProgress))
	}
}

// isBehind reports whether the replica has come to the end of what was laid down.
func (a *applier) isBehind(status map[string]string) bool {
	last := a.laid.Files[len(a.laid.Files)-1]
	if file := filepath.Base(status["Relay_Log_File"]); file != last {
		// The server goes on to a file of its own, of the next number.
		return file > last && len(file) == len(last)
	}
	info, err := os.Stat(filepath.Join(relayFolder, last))
	at, errAt := strconv.ParseInt(status["Relay_Log_Pos"], 10, 64)
	return err == nil && errAt == nil && at >= info.Size()
}
