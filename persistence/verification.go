package persistence

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Level is how thoroughly a backup is verified.
type Level string

// The levels, each of which proves what those before it prove.
const (
	// LevelFiles: every file is there and has its size.
	LevelFiles Level = "files"
	// LevelChecksum: every file holds what was backed up.
	LevelChecksum Level = "checksum"
	// LevelPrepare: the tool can prepare the chain.
	LevelPrepare Level = "prepare"
	// LevelBoot: a server runs on it and finds every table sound.
	LevelBoot Level = "boot"
)

// Levels are all levels in order.
var Levels = []Level{LevelFiles, LevelChecksum, LevelPrepare, LevelBoot}

// Covers reports whether a pass at this level proves the other one too. Empty is
// no level: it covers nothing and is covered by all.
func (l Level) Covers(other Level) bool {
	return slices.Index(Levels, l) >= slices.Index(Levels, other)
}

// Verdict is what an operation has found out about a stored backup.
type Verdict struct {
	BackupID string
	// MadeBy is the operation that made the backup, by its manifest; empty where
	// nothing tells.
	MadeBy string
	// Level is the level passed, or the least at which the damage shows.
	Level Level
	// Damage says what is wrong; empty for a pass.
	Damage string
	// ManifestSHA256 is that of the manifest which a pass has proved. It becomes
	// the recorded one where none is known.
	ManifestSHA256 string
}

// Verification is all that is known of a backup's soundness.
type Verification struct {
	BackupID string
	// MadeBy is as in Verdict: the rest is not about another backup of this id.
	MadeBy string
	// Level is the highest level passed, empty for none, PassedAt when it last
	// was.
	Level    Level
	PassedAt time.Time
	// Damage is what was found at FailedLevel since; empty for nothing.
	Damage      string
	FailedLevel Level
	FailedAt    time.Time
	// FailedIn is the operation that found it.
	FailedIn string
}

// with returns what is known when a verdict is added.
func (v Verification) with(verdict Verdict, operation string, at time.Time) Verification {
	// Of damage that leaves nothing to tell who made the backup, what was known
	// of it before is no less true.
	if v.MadeBy != verdict.MadeBy && (verdict.MadeBy != "" || verdict.Damage == "") {
		v = Verification{BackupID: verdict.BackupID, MadeBy: verdict.MadeBy}
	}
	if verdict.Damage != "" {
		v.Damage, v.FailedLevel, v.FailedAt, v.FailedIn = verdict.Damage, verdict.Level, at, operation
		return v
	}
	if verdict.Level.Covers(v.Level) {
		v.Level, v.PassedAt = verdict.Level, at
	}
	if verdict.Level.Covers(v.FailedLevel) {
		v.Damage, v.FailedLevel, v.FailedAt, v.FailedIn = "", "", time.Time{}, ""
	}
	return v
}

// recordVerdict adds a verdict to what is known, unless another program has
// deleted the backup meanwhile.
func recordVerdict(ctx context.Context, tx *ledgerTx, verdict Verdict, operation string, at time.Time) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM backup WHERE id = ?`, verdict.BackupID).Scan(&n); err != nil || n == 0 {
		return err
	}
	known, err := scanVerification(tx.QueryRowContext(ctx, `SELECT `+verificationColumns+` FROM operation_verification
		WHERE backup_id = ?`, verdict.BackupID))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	v := known.with(verdict, operation, at)
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO operation_verification (`+verificationColumns+`) VALUES (?,?,?,?,?,?,?,?)`,
		verdict.BackupID, v.MadeBy, v.Level, dbfile.At(v.PassedAt), v.Damage, v.FailedLevel, dbfile.At(v.FailedAt), v.FailedIn)
	if err != nil || verdict.ManifestSHA256 == "" {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE backup SET manifest_sha256 = ? WHERE id = ? AND manifest_sha256 = ''`,
		verdict.ManifestSHA256, verdict.BackupID)
	return err
}

const verificationColumns = `backup_id, made_by, level, passed_at, damage, failed_level, failed_at, failed_in`

func scanVerification(row scanner) (Verification, error) {
	var v Verification
	var passed, failed dbfile.Stamp
	err := row.Scan(&v.BackupID, &v.MadeBy, &v.Level, &passed, &v.Damage, &v.FailedLevel, &failed, &v.FailedIn)
	v.PassedAt, v.FailedAt = passed.Time, failed.Time
	return v, err
}

// Verifications returns what is known of the soundness of each backup that was
// ever verified, by its id.
func (l *ledger) Verifications(ctx context.Context) (map[string]Verification, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT `+verificationColumns+` FROM operation_verification`)
	if err != nil {
		return nil, l.explain("list verifications", err)
	}
	defer rows.Close()
	list := map[string]Verification{}
	for rows.Next() {
		v, err := scanVerification(rows)
		if err != nil {
			return nil, l.explain("list verifications", err)
		}
		list[v.BackupID] = v
	}
	return list, l.explain("list verifications", rows.Err())
}
